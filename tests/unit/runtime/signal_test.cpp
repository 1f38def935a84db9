#include "server/runtime/signal.h"

#include <doctest/doctest.h>

#include <boost/system/system_error.hpp>
#include <memory>
#include <string>

#include "server/runtime/scope.h"
#include "tests/unit/runtime/one_shard.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

Task<> wait_and_say(Shard& shard, Signal& signal, Duration limit, std::string& said) {
    try {
        const bool notified = co_await signal.wait(shard, limit);
        said += notified ? 'n' : 't';
    } catch (const boost::system::system_error&) {
        said += 'c';
        throw;
    }
}

}  // namespace

TEST_CASE("all who wait for a signal go on in a later turn, in order, and once") {
    OneShard one;
    Scope scope(one.shard().executor());
    Signal signal;
    std::string said;
    for (int i = 0; i < 3; ++i)
        scope.spawn("wait", wait_and_say(one.shard(), signal, Duration::max(), said));
    one.run();
    signal.notify();
    CHECK(said.empty());
    one.run();
    CHECK(said == "nnn");
    signal.notify();
    one.run();
    CHECK(said == "nnn");
    CHECK(scope.running() == 0);
}

TEST_CASE("who waits for a signal with a limit goes on when it has passed") {
    OneShard one;
    Scope scope(one.shard().executor());
    Signal signal;
    std::string said;
    scope.spawn("wait", wait_and_say(one.shard(), signal, 10ms, said));
    scope.spawn("wait", wait_and_say(one.shard(), signal, 1s, said));
    one.run();
    one.advance(10ms);
    CHECK(said == "t");
    signal.notify();
    one.run();
    CHECK(said == "tn");
    one.advance(2s);  // its timer was cancelled
    CHECK(said == "tn");
}

TEST_CASE("a task that waits for a signal can be cancelled") {
    OneShard one;
    Scope scope(one.shard().executor());
    Signal signal;
    std::string said;
    scope.spawn("wait", wait_and_say(one.shard(), signal, Duration::max(), said));
    scope.spawn("wait", wait_and_say(one.shard(), signal, 1s, said));
    one.run();
    scope.cancel();
    one.run();
    CHECK(said == "cc");
    CHECK(scope.running() == 0);
    signal.notify();
    one.advance(2s);
    CHECK(said == "cc");
}
