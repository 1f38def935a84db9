#include "server/runtime/scope.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "tests/unit/runtime/one_shard.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

Task<> break_down() {
    throw std::runtime_error("broken");
    co_return;
}
Task<> wait_for(Scope& scope, bool& done) {
    co_await scope.joined();
    done = true;
}

}  // namespace

TEST_CASE_FIXTURE(OneShard, "a scope runs tasks and knows how many") {
    Scope scope(shard().executor());
    std::string said;
    CHECK(scope.spawn("a", sleep_and_say(shard(), 1s, said, "a")));
    CHECK(scope.spawn("b", sleep_and_say(shard(), 2s, said, "b")));
    run();
    CHECK(scope.running() == 2);
    advance(1s);
    CHECK(said == "a");
    CHECK(scope.running() == 1);
    advance(1s);
    CHECK(said == "ab");
    CHECK(scope.running() == 0);
}

TEST_CASE_FIXTURE(OneShard, "cancel() ends what hibernates and refuses what is new") {
    Scope scope(shard().executor());
    std::string said;
    scope.spawn("a", sleep_and_say(shard(), 1s, said, "a"));
    scope.spawn("b", sleep_and_say(shard(), 1h, said, "b"));
    run();
    scope.cancel();
    run();
    CHECK(scope.running() == 0);
    CHECK_FALSE(scope.spawn("c", sleep_and_say(shard(), 1s, said, "c")));
    advance(2h);
    CHECK(said.empty());
}

TEST_CASE_FIXTURE(OneShard, "a task that is cancelled when its time has just come ends once") {
    Scope scope(shard().executor());
    std::string said;
    scope.spawn("a", sleep_and_say(shard(), 1s, said, "a"));
    run();
    shard().after(1s, [&] { scope.cancel(); });
    advance(1s);
    CHECK(scope.running() == 0);
}

TEST_CASE_FIXTURE(OneShard, "an exception ends its task only") {
    Scope scope(shard().executor());
    std::string said;
    scope.spawn("a", break_down());
    scope.spawn("b", sleep_and_say(shard(), 1s, said, "b"));
    run();
    CHECK(scope.running() == 1);
    advance(1s);
    CHECK(said == "b");
}

TEST_CASE_FIXTURE(OneShard, "joined() completes when nothing runs") {
    Scope scope(shard().executor()), other(shard().executor());
    std::string said;
    bool done = false;
    SUBCASE("at once, if nothing did") {}
    SUBCASE("after the last") {
        scope.spawn("a", sleep_and_say(shard(), 1s, said, "a"));
        scope.spawn("b", sleep_and_say(shard(), 2s, said, "b"));
        run();
        other.spawn("wait", wait_for(scope, done));
        advance(1s);
        CHECK_FALSE(done);
        advance(1s);
    }
    SUBCASE("after cancel()") {
        scope.spawn("a", sleep_and_say(shard(), 1h, said, "a"));
        run();
        other.spawn("wait", wait_for(scope, done));
        run();
        CHECK_FALSE(done);
        scope.cancel();
    }
    other.spawn("wait", wait_for(scope, done));
    run();
    CHECK(done);
}
