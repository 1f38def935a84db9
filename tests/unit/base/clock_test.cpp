#include "base/clock.h"

#include <doctest/doctest.h>

#include "tests/support/manual_clock.h"

using namespace clarion;
using namespace std::chrono_literals;

TEST_CASE("the system clock tells all times") {
    const Clock& clock = system_clock();
    const SteadyTime before = clock.steady();
    CHECK(clock.steady() >= before);
    CHECK(clock.wall() > WallTime{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}});
}

TEST_CASE("a manual clock stands still until it is moved") {
    ManualClock clock;
    const SteadyTime steady = clock.steady();
    const WallTime wall = clock.wall();
    CHECK(clock.steady() == steady);
    clock.advance(1500ms);
    CHECK(clock.steady() - steady == 1500ms);
    CHECK(clock.wall() - wall == 1500ms);
}

TEST_CASE("a jump of the calendar leaves the other times alone") {
    ManualClock clock;
    const SteadyTime steady = clock.steady();
    const LastingTime lasting = clock.lasting();
    clock.set_wall(clock.wall() - 24h);
    CHECK(clock.steady() == steady);
    CHECK(clock.lasting() == lasting);
    CHECK(clock.on_calendar(lasting + 1h) == clock.wall() + 1h);
}

TEST_CASE("lasting time goes on where it was, whatever was done to the calendar") {
    const LastingTime l0{};
    const WallTime w0{};
    const ClockMark last{l0 + 100h, w0 + 500h, "this", 10h};
    const auto resumed = [&](ClockMark now) { return resume_lasting_time(last, now) - l0; };
    CHECK(resumed({{}, w0 + 502h, "this", 12h}) == 102h);
    CHECK(resumed({{}, w0 + 526h, "this", 12h}) == 102h);  // set ahead by a day
    CHECK(resumed({{}, w0 + 478h, "this", 12h}) == 102h);  // or back
    // The machine was started anew.
    CHECK(resumed({{}, w0 + 502h, "next", 1h}) == 102h);
    CHECK(resumed({{}, w0, "next", 1h}) == 100h);         // a machine without a clock of its own
    CHECK(resumed({{}, w0 + 502h, "this", 1h}) == 102h);  // such a boot id is none
    const ClockMark nameless{l0, w0, "", 10h};
    CHECK(resume_lasting_time(nameless, {{}, w0 + 1h, "", 20h}) - l0 == 1h);
}

TEST_CASE("the system clock's lasting time can be told to go on from another one") {
    const ClockMark mark = mark_system_clock();
    CHECK(mark.since_boot > 0s);
    ClockMark earlier = mark;
    earlier.lasting -= 48h;
    continue_lasting_time(earlier);
    CHECK(system_clock().lasting() - earlier.lasting < 1h);
    CHECK(system_clock().lasting() >= earlier.lasting);
    continue_lasting_time(mark);
    CHECK(system_clock().lasting() >= mark.lasting);
}
