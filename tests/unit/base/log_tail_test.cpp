#include "base/log_tail.h"

#include <doctest/doctest.h>

using namespace clarion;

namespace {

using Lines = std::vector<std::string>;

void add(LogTail& tail, std::initializer_list<const char*> lines) {
    for (const char* line : lines) tail.add(LogLevel::info, line);
}

/// The process's own tail, kept while this lives; nothing goes to stderr.
class KeptTail {
public:
    explicit KeptTail(std::size_t lines) {
        set_log_sink([](std::string_view) {});
        keep_log_tail(lines);
    }
    ~KeptTail() {
        keep_log_tail(0);
        set_log_level(LogLevel::info);
        set_log_sink({});
    }
};

}  // namespace

TEST_CASE("a line that is cut ends with a whole character") {
    LogTail tail;
    tail.resize(1);
    tail.add(LogLevel::info, std::string(log_tail_bytes - 1, 'x') + "\xc3\xa9");
    CHECK(tail.last(1)[0] == std::string(log_tail_bytes - 1, 'x'));
}

TEST_CASE("the newest lines are kept, oldest first") {
    LogTail tail;
    add(tail, {"before"});
    CHECK(tail.last(10).empty());
    tail.resize(3);
    add(tail, {"a", "b"});
    CHECK(tail.last(10) == Lines{"a", "b"});
    add(tail, {"c", "d", "e"});
    CHECK(tail.last(10) == Lines{"c", "d", "e"});
    CHECK(tail.last(2) == Lines{"d", "e"});
    CHECK(tail.last(0).empty());
}

TEST_CASE("what is not worth a line at info is not kept, and long ones are cut") {
    LogTail tail;
    tail.resize(2);
    tail.add(LogLevel::debug, "debug");
    tail.add(LogLevel::error, std::string(5000, 'x'));
    REQUIRE(tail.last(9).size() == 1);
    CHECK(tail.last(9)[0].size() == log_tail_bytes);
}

TEST_CASE("another size keeps the newest of what there is") {
    LogTail tail;
    tail.resize(4);
    add(tail, {"a", "b", "c", "d", "e"});
    tail.resize(2);
    CHECK(tail.last(9) == Lines{"d", "e"});
    add(tail, {"f"});
    CHECK(tail.last(9) == Lines{"e", "f"});
    tail.resize(3);
    add(tail, {"g"});
    CHECK(tail.last(9) == Lines{"e", "f", "g"});
    tail.resize(0);
    add(tail, {"h"});
    CHECK(tail.last(9).empty());
}

TEST_CASE("a line is split into time, level, area and text") {
    const auto parts =
        split_log_line("2026-01-01T12:00:00.123Z info smacks hibernating session=Xa9");
    CHECK(parts.time == "2026-01-01T12:00:00.123Z");
    CHECK(parts.level == "info");
    CHECK(parts.area == "smacks");
    CHECK(parts.text == "hibernating session=Xa9");
    CHECK(split_log_line("one").time == "one");
    CHECK(split_log_line("one").text.empty());
    CHECK(split_log_line("").time.empty());
}

TEST_CASE("what is logged is in the tail of the process") {
    const KeptTail kept(2);
    set_log_level(LogLevel::debug);
    const Logger log{"test"};
    log.info("first");
    log.warning("second", {{"n", 2}});
    log.debug("unseen");
    log.info("third");
    const auto lines = log_tail(9);
    REQUIRE(lines.size() == 2);
    CHECK(split_log_line(lines[0]).text == "second n=2");
    CHECK(split_log_line(lines[0]).level == "warning");
    CHECK(split_log_line(lines[1]).text == "third");
}
