// Logger: one line per fact, `time level area event key=value ...`.
//
//     const Logger log{"smacks"};
//     log.info("session-slept", {{"session", id}, {"queued", queue.size()}, {"for", slept}});
//     2026-01-01T12:00:00.123Z info smacks hibernating session=Xa9 queued=3 for=600s
//
// Event and keys are words of the code, never data. Values may come from peers: they are escaped,
// so that none can forge a line or a field, and cut after log_value_limit bytes. Never hand over
// message bodies, passwords, tokens or secrets, at any level.
//
// Every call is safe on any thread. A line that the level switches off costs one relaxed load; one
// that is written is handed to a writer thread and never waits for it: when stderr is stuck, the
// oldest lines are dropped and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace clarion {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

inline constexpr std::size_t log_value_limit = 256;

/// A text of the server's own making, such as a sentence about its configuration: what is to be done
/// often stands at its end, so it is cut after log_own_text_limit bytes only.
struct OwnText {
    std::string_view text;
};
inline constexpr std::size_t log_own_text_limit = 4096;

/// A value on its way into a line: a view, never a copy. Lives for the call only.
class LogValue {
public:
    using Any = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Duration,
                             OwnText>;

    LogValue(std::string_view text) : any_(text) {}
    LogValue(OwnText text) : any_(text) {}
    LogValue(const char* text) : any_(std::string_view(text)) {}
    LogValue(const std::string& text) : any_(std::string_view(text)) {}
    LogValue(std::same_as<bool> auto value) : any_(value) {}
    LogValue(std::floating_point auto value) : any_(static_cast<double>(value)) {}
    LogValue(std::signed_integral auto value) : any_(static_cast<std::int64_t>(value)) {}
    template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>) LogValue(Number value)
        : any_(static_cast<std::uint64_t>(value)) {}
    template <class Rep, class Period>
    LogValue(std::chrono::duration<Rep, Period> value)
        : any_(std::chrono::duration_cast<Duration>(value)) {}

    const Any& any() const { return any_; }

private:
    Any any_;
};

struct LogField {
    std::string_view key;
    LogValue value;
};

namespace log_state {
inline std::atomic<LogLevel> threshold{LogLevel::info};
}

/// The lines of one area ("c2s", "push"). A small value: make one per file, at namespace scope.
class Logger {
public:
    /// REQUIRES: `area` is a literal; the Logger keeps a view of it.
    constexpr explicit Logger(std::string_view area) : area_(area) {}

    using Fields = std::initializer_list<LogField>;

    /// What only a developer wants to see.
    void debug(std::string_view event, Fields fields = {}) const {
        if (enabled(LogLevel::debug)) write(LogLevel::debug, event, fields);
    }
    /// What an administrator wants to find later.
    void info(std::string_view event, Fields fields = {}) const {
        if (enabled(LogLevel::info)) write(LogLevel::info, event, fields);
    }
    /// Something is not as it should be; the server copes.
    void warning(std::string_view event, Fields fields = {}) const {
        if (enabled(LogLevel::warning)) write(LogLevel::warning, event, fields);
    }
    /// Something failed that somebody has to look at.
    void error(std::string_view event, Fields fields = {}) const {
        if (enabled(LogLevel::error)) write(LogLevel::error, event, fields);
    }

    bool enabled(LogLevel level) const {
        return level >= log_state::threshold.load(std::memory_order_relaxed);
    }

private:
    void write(LogLevel level, std::string_view event, Fields fields) const;

    std::string_view area_;
};

void set_log_level(LogLevel level);
LogLevel log_level();

std::string_view to_string(LogLevel level);
/// "debug", "info", "warning" or "error".
Result<LogLevel> parse_log_level(std::string_view name);

/// Sends lines (without newline) here instead of to stderr; an empty function restores stderr.
/// For tests: `sink` is called on the thread that logs, one line at a time, and must not log.
void set_log_sink(std::function<void(std::string_view line)> sink);

/// Waits until everything logged so far is written: before the process ends, in no other place.
void flush_log();

/// How many lines were dropped because stderr did not take them.
std::uint64_t log_lines_dropped();

}  // namespace clarion
