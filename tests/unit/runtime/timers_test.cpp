#include "server/runtime/timers.h"

#include <doctest/doctest.h>

#include <string>

using namespace clarion;
using namespace clarion::core;
using namespace std::chrono_literals;

TEST_CASE("timers are due in order of their time, and once") {
    Timers timers;
    const SteadyTime zero{};
    std::string said;
    const auto say = [&said](char what) { return [&said, what] { said += what; }; };
    timers.add(zero + 2s, say('c'));
    timers.add(zero + 1s, say('a'));
    timers.add(zero + 1s, say('b'));
    const TimerId cancelled = timers.add(zero + 1s, say('x'));
    CHECK(timers.next() == zero + 1s);
    CHECK(timers.cancel(cancelled));
    CHECK_FALSE(timers.cancel(cancelled));
    CHECK_FALSE(timers.take_due(zero + 999ms));
    while (auto fn = timers.take_due(zero + 1s)) fn();
    CHECK(said == "ab");
    while (auto fn = timers.take_due(zero + 5s)) fn();
    CHECK(said == "abc");
    CHECK(timers.empty());
    CHECK(timers.next() == SteadyTime::max());
}

TEST_CASE("what dies with a timer may cancel and add others") {
    Timers timers;
    struct Meddler {
        Timers* timers;
        TimerId other;
        Meddler(Timers* t, TimerId o) : timers(t), other(o) {}
        Meddler(Meddler&& from) noexcept
            : timers(std::exchange(from.timers, nullptr)), other(from.other) {}
        ~Meddler() {
            if (!timers) return;
            timers->cancel(other);
            timers->add(SteadyTime{}, [] {});
        }
        void operator()() {}
    };
    const TimerId other = timers.add(SteadyTime{} + 1s, [] {});
    const TimerId first = timers.add(SteadyTime{} + 2s, Meddler(&timers, other));
    SUBCASE("cancelled") { CHECK(timers.cancel(first)); }
    SUBCASE("discarded") { timers.discard(); }
    CHECK(timers.take_due(SteadyTime{}));
    CHECK(timers.empty());
}
