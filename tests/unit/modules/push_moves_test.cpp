// Push while accounts move to another shard (docs/push-rules.md, R9; docs/design/003-homes.md).
#include "server/core/setup/partition_moves.h"
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

PartitionSet hers() {
    PartitionSet set;
    set.add(partition_of(juliet));
    return set;
}

/// Moves to the other shard without waiting for it.
struct Mover {
    Scene& scene;
    int under_way = 0;

    void begin() {
        core::Core& home = scene.world.home_of(juliet);
        ++under_way;
        home.shards().post(home.shard().index(), [this, &home] {
            home.scope().spawn("move", run(home, 1 - home.shard().index()));
        });
    }
    Task<> run(core::Core& core, unsigned to) {
        const auto moved = co_await core::move_partitions(core, hers(), to);
        CHECK(moved.ok());
        --under_way;
    }
    /// A message arrives, and nobody waits for what comes of it.
    void say(int number) {
        const std::string text =
            "<message xmlns='jabber:client' from='romeo@example.com/orchard' "
            "to='juliet@example.org' type='chat' id='n" +
            std::to_string(number) + "'><body>x</body></message>";
        scene.world.post(service, [text](core::Context& core) {
            core.router().route(*Stanza::from_document(xml::parse_element(text, "jabber:client")));
        });
    }
};

}  // namespace

TEST_CASE("each message that comes while an account moves is notified of once") {
    Scene scene;
    Mover mover{scene};
    scene.phone().close();
    int said = 0;
    std::size_t notified = 0;
    for (int i = 0; i < 50; ++i) {
        mover.say(++said);
        mover.begin();
        mover.say(++said);
        scene.world.run_shards();
        mover.say(++said);
        for (int turn = 0; turn < 20 && mover.under_way > 0; ++turn) {
            scene.world.settle();
            while (scene.gateway->pending() > 0) {
                ++notified;
                scene.answer(*scene.pop().stanza);
            }
        }
        REQUIRE(mover.under_way == 0);
    }
    scene.world.advance(11s);
    scene.world.settle();
    for (; scene.gateway->pending() > 0; ++notified) scene.answer(*scene.pop().stanza);
    CHECK(notified == static_cast<std::size_t>(said));
}

TEST_CASE("a publish that is not answered is sent again by the account's next home") {
    Away away;
    const StanzaPtr first = away.publish();
    REQUIRE(first);
    Mover mover{away};
    mover.begin();
    away.world.settle();
    CHECK(mover.under_way == 1);  // it waits for the answer, but not for ever
    away.world.advance(core::PartitionsOptions{}.release_limit);
    away.world.advance(1s);
    CHECK(mover.under_way == 0);
    const StanzaPtr second = away.gateway->pop();
    REQUIRE(second);
    CHECK(second->id() != first->id());
    away.answer(*first);
    away.answer(*second);
    CHECK(away.errors() == 0);
    REQUIRE(away.world.move(hers(), 1 - away.world.home_of(juliet).shard().index()));
    away.world.advance(61s);
    CHECK(away.gateway->pending() == 0);
}

TEST_CASE("a phone that does not come back after a move is notified of what it missed, once") {
    Scene scene;
    scene.answers = true;
    Client& phone = scene.phone();
    scene.say("x");
    CHECK(scene.published() == "");
    const bool moved = scene.world.move(hers(), 1 - scene.world.home_of(juliet).shard().index());
    REQUIRE(moved);
    CHECK(phone.port().cut());
    CHECK(scene.published() == "");
    scene.world.advance(11s);  // [push] restart_grace
    CHECK(scene.published() == "phone!");
    scene.say("y");
    scene.world.advance(2s);
    CHECK(scene.published() == "phone!");
    scene.world.advance(60s);
    CHECK(scene.published() == "");
}

}  // namespace clarion::push
