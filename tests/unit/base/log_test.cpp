#include "base/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>
#include <vector>

using namespace clarion;
using namespace std::chrono_literals;

namespace {

const Logger log{"test"};

/// Collects lines while it lives, without their time; restores level and stderr afterwards.
class Captured {
public:
    Captured() {
        set_log_sink([this](std::string_view line) {
            lines.emplace_back(line.substr(line.find(' ') + 1));
            whole.emplace_back(line);
        });
    }
    ~Captured() {
        set_log_sink({});
        set_log_level(LogLevel::info);
    }

    std::vector<std::string> lines;
    std::vector<std::string> whole;
};

/// How a value looks in a line.
std::string shown(LogValue value) {
    Captured captured;
    log.info("e", {{"v", value}});
    const std::string head = "info test e v=";
    REQUIRE(captured.lines.size() == 1);
    REQUIRE(captured.lines[0].starts_with(head));
    return captured.lines[0].substr(head.size());
}

}  // namespace

TEST_CASE("a line is time, level, area, event and fields") {
    Captured captured;
    log.warning("session_slept", {{"session", "Xa9"}, {"queued", 3}, {"for", 600s}, {"ok", true}});
    REQUIRE(captured.lines.size() == 1);
    CHECK(captured.lines[0] == "warning test session_slept session=Xa9 queued=3 for=10min ok=true");
    CHECK(captured.whole[0].find("Z warning ") ==
          std::string_view("2026-01-01T12:00:00.123").size());
}

TEST_CASE("values of every type") {
    CHECK(shown(-1) == "-1");
    CHECK(shown(std::uint64_t{18446744073709551615u}) == "18446744073709551615");
    CHECK(shown(std::size_t{7}) == "7");
    CHECK(shown(1.5) == "1.5");
    CHECK(shown(false) == "false");
    CHECK(shown(250ms) == "250ms");
    CHECK(shown(std::string("text")) == "text");
    CHECK(shown("juliet@example.org/balcony") == "juliet@example.org/balcony");
}

TEST_CASE("no value can forge a line or a field") {
    CHECK(shown("") == "\"\"");
    CHECK(shown("a b") == "\"a b\"");
    CHECK(shown("x level=error") == "\"x level=error\"");
    CHECK(shown("a=b") == "\"a=b\"");
    CHECK(shown("x\n2026-01-01T00:00:00Z error") == "\"x\\x0a2026-01-01T00:00:00Z error\"");
    CHECK(shown("\" forged=\"1") == "\"\\\" forged=\\\"1\"");
    CHECK(shown("back\\slash") == "\"back\\\\slash\"");
    CHECK(shown("\x1b[31mred\x7f") == "\"\\x1b[31mred\\x7f\"");
    CHECK(shown(std::string_view("nul\0", 4)) == "\"nul\\x00\"");
}

TEST_CASE("UTF-8 stays readable; what is not, or could disguise, is escaped") {
    CHECK(shown("J\xc3\xbcrgen") == "\"J\xc3\xbcrgen\"");
    CHECK(shown("\xe2\x82\xac\xf0\x9f\x98\x80") == "\"\xe2\x82\xac\xf0\x9f\x98\x80\"");
    CHECK(shown("\xff") == "\"\\xff\"");
    CHECK(shown("\xc3") == "\"\\xc3\"");
    CHECK(shown("\xc0\xaf") == "\"\\xc0\\xaf\"");
    CHECK(shown("\xed\xa0\x80") == "\"\\xed\\xa0\\x80\"");
    CHECK(shown("\xc2\x85") == "\"\\xc2\\x85\"");
    CHECK(shown("\xe2\x80\xae") == "\"\\xe2\\x80\\xae\"");
}

TEST_CASE("long values are cut, even in the middle of a character") {
    CHECK(shown(std::string(log_value_limit, 'a')) == std::string(log_value_limit, 'a'));
    const std::string sentence = std::string(log_value_limit, 'a') + " do this";
    CHECK(shown(OwnText{sentence}) == "\"" + sentence + "\"");
    CHECK(shown(std::string(100000, 'a')) == "\"" + std::string(log_value_limit, 'a') + "...\"");
    const std::string cut = shown(std::string(log_value_limit - 1, 'a') + "\xc3\xbc");
    CHECK(cut.ends_with("a\\xc3...\""));
}

TEST_CASE("lines below the level are not written") {
    Captured captured;
    log.debug("no");
    CHECK_FALSE(log.enabled(LogLevel::debug));
    set_log_level(LogLevel::debug);
    CHECK(log_level() == LogLevel::debug);
    log.debug("yes");
    set_log_level(LogLevel::error);
    log.warning("no");
    log.error("yes");
    CHECK(captured.lines == std::vector<std::string>{"debug test yes", "error test yes"});
}

TEST_CASE("level names") {
    for (const char* name : {"debug", "info", "warning", "error"}) {
        REQUIRE(parse_log_level(name).ok());
        CHECK(to_string(*parse_log_level(name)) == name);
    }
    CHECK_FALSE(parse_log_level("warn").ok());
    CHECK_FALSE(parse_log_level("").ok());
}

// ---- Lines that are lost -----------------------------------------------------------------------

namespace {

/// stderr is a pipe that is read only when it is told to.
class SlowStderr {
public:
    SlowStderr() : stderr_(::dup(2)) {
        REQUIRE(::pipe(pipe_) == 0);
        flush_log();
        ::dup2(pipe_[1], 2);
        ::close(pipe_[1]);
    }
    ~SlowStderr() {
        std::thread reader([from = pipe_[0]] {
            char bytes[4096];
            while (::read(from, bytes, sizeof bytes) > 0) {
            }
        });
        flush_log();
        ::dup2(stderr_, 2);  // the pipe's last end
        ::close(stderr_);
        reader.join();
        ::close(pipe_[0]);
    }

private:
    int stderr_;
    int pipe_[2] = {};
};

}  // namespace

TEST_CASE("lines that stderr does not take are counted") {
    const std::uint64_t before = log_lines_dropped();
    {
        const SlowStderr slow;
        for (int i = 0; i < 20'000; ++i) log.error("flood");
        CHECK(log_lines_dropped() > before);
    }
    CHECK(log_lines_dropped() > before);  // and are not forgotten
}
