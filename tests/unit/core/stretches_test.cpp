#include "server/core/accounts/stretches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace clarion::core {
namespace {

/// The message with this ordinal: ids follow the order, but no two are neighbours as numbers.
std::uint64_t id(std::uint64_t ordinal) { return 1000 + ordinal * 10; }

TEST_CASE("what was read is a set of messages, whatever order it was read in") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        Stretches read;
        std::set<std::uint64_t> model;
        for (int i = 0; i < 40; ++i) {
            const std::uint64_t ordinal = 1 + random() % 60;
            read.add(id(ordinal), ordinal);
            model.insert(ordinal);
            for (std::uint64_t each = 0; each <= 61; ++each)
                CHECK(read.has(id(each)) == model.contains(each));
        }
        std::size_t stretches = 0;
        for (const std::uint64_t each : model) stretches += model.contains(each - 1) ? 0 : 1;
        CHECK(read.count() == stretches);
    }
}

TEST_CASE("nothing was read, and messages that no archive has never were") {
    Stretches read;
    CHECK_FALSE(read.has(id(1)));
    read.add(id(1), 1);
    CHECK_FALSE(read.has(0));
}

TEST_CASE("pages that follow each other are one stretch, of any length") {
    Stretches read;
    for (std::uint64_t ordinal = 1; ordinal <= 100'000; ++ordinal) read.add(id(ordinal), ordinal);
    CHECK(read.count() == 1);
    CHECK(read.has(id(1)));
    CHECK(read.has(id(100'000)));
}

TEST_CASE("of who reads here and there the oldest is forgotten") {
    Stretches read;
    constexpr std::uint64_t count = 2 * Stretches::max_count;
    for (std::uint64_t i = 1; i <= count; ++i) read.add(id(2 * i), 2 * i);
    CHECK(read.count() == Stretches::max_count);
    CHECK_FALSE(read.has(id(2)));
    CHECK_FALSE(read.has(id(count)));
    CHECK(read.has(id(count + 2)));
    CHECK(read.has(id(2 * count)));
    read.add(id(2), 2);  // older than all that is remembered
    CHECK(read.count() == Stretches::max_count);
    CHECK(read.has(id(count + 2)));
}

TEST_CASE("whole stretches join what they touch, in any order") {
    std::mt19937 random(2);
    for (int round = 0; round < 200; ++round) {
        Stretches taken;
        std::set<std::uint64_t> model;
        for (int i = 0; i < 12; ++i) {
            const std::uint64_t first = 1 + random() % 60;
            const std::uint64_t last = first + random() % 8;
            taken.add({first, last, first, last});
            for (std::uint64_t each = first; each <= last; ++each) model.insert(each);
            for (std::uint64_t each = 0; each <= 70; ++each)
                CHECK(taken.has(each) == model.contains(each));
        }
        std::size_t stretches = 0;
        for (const std::uint64_t each : model) stretches += model.contains(each - 1) ? 0 : 1;
        CHECK(taken.count() == stretches);
    }
}

TEST_CASE("what a session has seen comes back from storage") {
    SeenMessages seen;
    seen.read.add(id(3), 3);
    seen.read.add(id(4), 4);
    seen.read.add(id(9), 9);
    seen.delivered.add(7, 7);
    seen.taken.add({1, 5, 1, 5});
    seen.missed.add(11, 11);
    const auto again = parse_seen_messages(to_text(seen));
    REQUIRE(again.ok());
    CHECK(to_text(*again) == to_text(seen));
    CHECK(again->read.has(id(4)));
    CHECK_FALSE(again->read.has(id(5)));
    CHECK(again->delivered.has(7));
    CHECK(again->taken.has(5));
    CHECK(again->missed.has(11));
    CHECK(parse_seen_messages(to_text({}))->empty());
    for (const char* text : {"", ";;", "1 2 3 ;;;", "a b c d ;;;", ";-1 1 1 1 ;;", ";;;;"})
        CHECK_FALSE(parse_seen_messages(text).ok());
}

}  // namespace
}  // namespace clarion::core
