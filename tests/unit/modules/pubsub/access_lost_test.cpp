// Who may read a node no longer is subscribed no longer, hears that once, and nothing else.
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

const std::string of_romeo = "romeo@example.org n ";
const std::string juliets_end = of_romeo + "juliet@example.net none\n";

struct Lost : Scene {
    /// Juliet subscribes to a node of that access model.
    void begin(std::string_view model) {
        CHECK(publish(*romeo, "n", item("a"), "access_model", model) == "ok");
        if (model == "roster") {
            group("Friends");
            CHECK(configure(*romeo, "n", "roster_groups_allowed", "Friends") == "ok");
        }
        if (model == "whitelist")
            CHECK(affiliate(*romeo, "n", "juliet@example.net", "member") == "ok");
        CHECK(subscribe(*juliet, "juliet@example.net") == "ok");
        CHECK(publish(*romeo, "n", item("b")) == "ok");
        CHECK(heard(*juliet) == of_romeo + "a=x late\n" + of_romeo + "b=x\n");
    }
    void group(std::string_view name) {
        CHECK(outcome(romeo->ask("<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
                                 "<item jid='juliet@example.net'><group>" +
                                 std::string(name) + "</group></item></query></iq>")) == "ok");
    }
    /// She is told once, and hears nothing more, whatever comes.
    void ended() {
        CHECK(heard(*juliet) == juliets_end);
        CHECK(publish(*romeo, "n", item("c")) == "ok");
        CHECK(heard(*juliet) == "");
        CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
        CHECK(configure(*romeo, "n", "access_model", "open") == "ok");
        CHECK(publish(*romeo, "n", item("d")) == "ok");
        CHECK(heard(*juliet) == "");
    }
};

TEST_CASE_FIXTURE(Lost, "pubsub lost: the node is for fewer") {
    begin("open");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: an outcast") {
    begin("open");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "outcast") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: a member no longer") {
    begin("whitelist");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "none") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: publishers only publish now") {
    begin("open");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "publish-only") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: an owner ends it") {
    begin("open");
    CHECK(decide(*romeo, "n", "juliet@example.net", "none") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: presence is shown no longer") {
    begin("presence");
    romeo->send("<presence type='unsubscribed' to='juliet@example.net'/>");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: she unsubscribes from his presence") {
    begin("presence");
    juliet->send("<presence type='unsubscribe' to='romeo@example.org'/>");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: she is removed from his roster") {
    begin("presence");
    CHECK(outcome(romeo->ask("<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
                             "<item jid='juliet@example.net' subscription='remove'/></query>"
                             "</iq>")) == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: she is in another group") {
    begin("roster");
    group("Friends");
    CHECK(heard(*juliet) == "");
    group("Others");
    ended();
}

TEST_CASE_FIXTURE(Lost, "pubsub lost: the node is for another group") {
    begin("roster");
    CHECK(configure(*romeo, "n", "roster_groups_allowed", "Family") == "ok");
    ended();
}

TEST_CASE_FIXTURE(Lost,
                  "pubsub lost: whoever is away is told when it is durable, after a restart") {
    begin("presence");
    world.storage().hold_commits();
    romeo->send_soon("<presence type='unsubscribed' to='juliet@example.net'/>");
    world.run_shards();
    CHECK(heard(*juliet) == "");
    world.storage().release_commits();
    world.settle();
    CHECK(heard(*juliet) == juliets_end);
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
}

/// Nothing goes to who is blocked, not even that: it is as if the account were away (XEP-0191).
TEST_CASE_FIXTURE(Lost, "pubsub lost: while she is blocked, she hears nothing") {
    begin("open");
    const auto block = [&](std::string_view what) {
        CHECK(outcome(romeo->ask("<iq type='set' id='b'><" + std::string(what) +
                                 " xmlns='urn:xmpp:blocking'><item jid='juliet@example.net'/></" +
                                 std::string(what) + "></iq>")) == "ok");
        forget();
    };
    block("block");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*juliet) == "");
    block("unblock");
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "d=x\n");
    block("block");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
    CHECK(heard(*juliet) == "");
}

}  // namespace
}  // namespace clarion::pubsub
