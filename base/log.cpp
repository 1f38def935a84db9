#include "base/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <charconv>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/log_tail.h"
#include "base/printable.h"
#include "base/text.h"

namespace clarion {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

/// Lines wait here for the writer thread; when it is full, the oldest make room.
constexpr std::size_t queue_lines = 8192;

/// The destructor writes what is queued and joins the thread.
class StderrWriter {
public:
    StderrWriter()
        : pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)),
          logger_(std::make_shared<spdlog::async_logger>(
              "clarion", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool_,
              spdlog::async_overflow_policy::overrun_oldest)) {
        logger_->set_pattern("%v");
        logger_->set_level(spdlog::level::trace);
    }

    void write(std::string_view line) {
        logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    }

    std::uint64_t dropped() { return pool_->overrun_counter(); }

private:
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> logger_;
};

/// Where lines go. The mutex is held for a push to the queue and a copy to the tail, or for a test's
/// sink.
struct Output {
    std::mutex mutex;
    std::unique_ptr<StderrWriter> writer;
    std::function<void(std::string_view)> sink;
    LogTail tail;
    std::uint64_t dropped_before = 0;
};

Output& output() {
    static Output out;
    return out;
}

bool is_plain(unsigned char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\'; }

void append_text(std::string& line, std::string_view text, std::size_t limit) {
    const bool cut = text.size() > limit;
    text = text.substr(0, limit);
    bool plain = !text.empty();
    for (const char c : text) plain = plain && is_plain(static_cast<unsigned char>(c));
    if (plain && !cut) {
        line.append(text);
        return;
    }
    line.push_back('"');
    append_printable(line, text);
    line.append(cut ? "...\"" : "\"");
}

struct AppendValue {
    std::string& line;

    void operator()(std::string_view text) const { append_text(line, text, log_value_limit); }
    void operator()(OwnText own) const { append_text(line, own.text, log_own_text_limit); }
    void operator()(bool value) const { line.append(value ? "true" : "false"); }
    void operator()(Duration value) const { line.append(format_duration(value)); }
    void operator()(auto number) const {
        std::array<char, 40> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
        line.append(buffer.data(), end);
    }
};

void append_time(std::string& line) {
    // Milliseconds always: lines align, and sort as text.
    using namespace std::chrono;
    const auto now = floor<milliseconds>(system_clock().wall());
    std::string text = format_datetime(floor<seconds>(now));
    text.pop_back();
    const std::string fraction = std::to_string(1000 + (now - floor<seconds>(now)).count());
    line.append(text).append(".").append(fraction, 1).append("Z");
}

}  // namespace

void Logger::write(LogLevel level, std::string_view event, Fields fields) const {
    std::string line;
    line.reserve(160);
    append_time(line);
    line.append(" ").append(to_string(level)).append(" ").append(area_).append(" ").append(event);
    for (const LogField& field : fields) {
        line.append(" ").append(field.key).append("=");
        std::visit(AppendValue{line}, field.value.any());
    }
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    out.tail.add(level, line);
    if (out.sink) return out.sink(line);
    if (!out.writer) out.writer = std::make_unique<StderrWriter>();
    out.writer->write(line);
}

void set_log_level(LogLevel level) { log_state::threshold.store(level, std::memory_order_relaxed); }

LogLevel log_level() { return log_state::threshold.load(std::memory_order_relaxed); }

std::string_view to_string(LogLevel level) { return level_names[static_cast<std::size_t>(level)]; }

Result<LogLevel> parse_log_level(std::string_view name) {
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == name) return static_cast<LogLevel>(i);
    }
    return fail("bad-value", "a log level is debug, info, warning or error");
}

void set_log_sink(std::function<void(std::string_view line)> sink) {
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    out.sink = std::move(sink);
}

void flush_log() {
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    if (!out.writer) return;
    out.dropped_before += out.writer->dropped();
    out.writer.reset();  // writes what is queued and joins; the next line starts a new one
}

void keep_log_tail(std::size_t lines) {
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    out.tail.resize(lines);
}

std::vector<std::string> log_tail(std::size_t most) {
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    return out.tail.last(most);
}

std::uint64_t log_lines_dropped() {
    Output& out = output();
    const std::lock_guard lock(out.mutex);
    return out.dropped_before + (out.writer ? out.writer->dropped() : 0);
}

}  // namespace clarion
