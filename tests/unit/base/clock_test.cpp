#include "server/base/clock.h"

#include <doctest/doctest.h>

#include "tests/support/manual_clock.h"

using namespace clarion;
using namespace std::chrono_literals;

TEST_CASE("the system clock tells both times") {
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

TEST_CASE("a jump of the calendar leaves the steady time alone") {
    ManualClock clock;
    const SteadyTime steady = clock.steady();
    clock.set_wall(clock.wall() - 24h);
    CHECK(clock.steady() == steady);
}
