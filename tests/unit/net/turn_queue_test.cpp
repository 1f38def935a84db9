#include "server/net/transport/turn_queue.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/core/setup/core.h"
#include "tests/support/world.h"

using namespace clarion;
using clarion::test::World;
using net::TurnQueue;

namespace {

/// Some that wait, and the order in which they came.
struct Queue {
    World world;
    TurnQueue queue{world.core(0).shard(), 4};
    std::vector<std::unique_ptr<TurnQueue::Place>> places;
    std::string order;

    void wait(const std::string& name, bool is_there = true) {
        places.push_back(std::make_unique<TurnQueue::Place>(queue, name, [this, name, is_there] {
            order += name;
            return is_there;
        }));
    }
    /// One turn of the shard.
    std::string turn() {
        order.clear();
        world.core(0).shard().run_ready();
        return order;
    }
};

}  // namespace

TEST_SUITE("net/turn_queue") {
    TEST_CASE("a few each turn, in the order in which they came") {
        Queue q;
        for (int i = 0; i < 10; ++i) q.wait("a");
        CHECK_FALSE(q.places.front()->has_come());
        CHECK(q.turn() == "aaaa");
        CHECK(q.places[3]->has_come());
        CHECK_FALSE(q.places[4]->has_come());
        CHECK(q.turn() == "aaaa");
        CHECK(q.turn() == "aa");
        CHECK(q.turn().empty());
        q.wait("a");
        CHECK(q.turn() == "a");
    }

    TEST_CASE("networks take turns") {
        Queue q;
        for (int i = 0; i < 100; ++i) q.wait("a");
        for (const char* other : {"b", "c", "b"}) q.wait(other);
        CHECK(q.turn() == "abca");
        CHECK(q.turn() == "baaa");
    }

    TEST_CASE("who comes meanwhile waits for the next turn") {
        Queue q;
        q.wait("a");
        TurnQueue::Place first(q.queue, "b", [&] {
            for (int i = 0; i < 8; ++i) q.wait("c");
            return true;
        });
        CHECK(q.turn() == "acc");
        CHECK(q.turn() == "cccc");
        CHECK(q.turn() == "cc");
    }

    TEST_CASE("who is gone takes no turn") {
        Queue q;
        for (int i = 0; i < 6; ++i) q.wait("a", i >= 3);
        q.wait("b");
        q.places.pop_back();
        q.places.erase(q.places.begin() + 3);
        CHECK(q.turn() == "aaaaa");
        CHECK(q.turn().empty());
    }
}
