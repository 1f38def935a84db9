#include "server/runtime/deadline.h"

#include <doctest/doctest.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <string>

#include "server/runtime/scope.h"
#include "tests/unit/runtime/one_shard.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

Task<> sleep_then_break(Shard& shard, Duration time) {
    co_await shard.sleep(time);
    throw std::runtime_error("broken");
}
Task<> limited(Shard& shard, Duration limit, Task<> task, std::string& outcome) {
    try {
        const bool in_time = co_await within(shard, limit, std::move(task));
        outcome = in_time ? "in time" : "too late";
    } catch (const boost::system::system_error&) {
        outcome = "cancelled";
        throw;
    } catch (const std::exception& error) {
        outcome = error.what();
    }
}

Task<> limited_twice(Shard& shard, std::string& said, std::string& outcome) {
    const bool first = co_await within(shard, 1s, sleep_and_say(shard, 2s, said, "a"));
    const bool second = co_await within(shard, 5s, sleep_and_say(shard, 2s, said, "b"));
    outcome = std::string(first ? "in time" : "too late") + (second ? ", in time" : ", too late");
}

struct Limits : OneShard {
    Scope scope{shard().executor()};
    std::string said, outcome;
};

}  // namespace

TEST_CASE_FIXTURE(Limits, "a task that ends in time") {
    scope.spawn("t", limited(shard(), 5s, sleep_and_say(shard(), 1s, said, "a"), outcome));
    run();
    advance(1s);
    CHECK(outcome == "in time");
    CHECK(said == "a");
    CHECK(scope.running() == 0);
    advance(10s);  // the limit's timer is gone
}

TEST_CASE_FIXTURE(Limits, "a task that does not") {
    scope.spawn("t", limited(shard(), 1s, sleep_and_say(shard(), 5s, said, "a"), outcome));
    run();
    advance(1s);
    CHECK(outcome == "too late");
    CHECK(said.empty());
    CHECK(scope.running() == 0);
}

TEST_CASE_FIXTURE(Limits, "cancelled from outside") {
    scope.spawn("t", limited(shard(), 5s, sleep_and_say(shard(), 2s, said, "a"), outcome));
    run();
    scope.cancel();
    run();
    CHECK(outcome == "cancelled");
    CHECK(said.empty());
    CHECK(scope.running() == 0);
    advance(10s);
}

TEST_CASE_FIXTURE(Limits, "an exception passes, and the limit goes with it") {
    scope.spawn("t", limited(shard(), 5s, sleep_then_break(shard(), 1s), outcome));
    run();
    advance(1s);
    CHECK(outcome == "broken");
    advance(10s);
    CHECK(scope.running() == 0);
}

TEST_CASE_FIXTURE(Limits, "after one limit has passed the next one is whole") {
    scope.spawn("t", limited_twice(shard(), said, outcome));
    run();
    advance(1s);
    advance(2s);
    CHECK(outcome == "too late, in time");
    CHECK(said == "b");
}
