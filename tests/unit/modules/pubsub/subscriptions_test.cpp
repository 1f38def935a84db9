// Subscriptions of those who asked for one.
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

const std::string of_romeo = "romeo@example.org n ";

struct Subscribers : Scene {
    explicit Subscribers(std::string config) : Scene(std::move(config)) {
        CHECK(publish(*romeo, "n", item("a"), "access_model", "open") == "ok");
    }
    Subscribers() : Subscribers("") {}
    static std::string subscribe(Client& client, std::string_view jid,
                                 std::string_view name = "subscribe") {
        return outcome(
            set(client, "<" + std::string(name) + " node='n' jid='" + std::string(jid) + "'/>"));
    }
    static std::string unsubscribe(Client& client, std::string_view jid) {
        return subscribe(client, jid, "unsubscribe");
    }
    static std::string states(const xml::Document& answer) {
        if (answer.root().attr("type") != "result") return outcome(answer);
        std::string text;
        for (const auto& each : answer.root().first_child()->first_child()->children())
            text += std::string(each.attr("jid")) + ' ' + std::string(each.attr("subscription")) +
                    ' ' + std::string(each.attr("node")) + '\n';
        return text;
    }
};

TEST_CASE_FIXTURE(Subscribers, "pubsub: a stranger subscribes to an open node, and hears of it") {
    CHECK(subscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(heard(*tybalt) == of_romeo + "a=x late\n");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "b=x\n");
    CHECK(subscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(states(get(*tybalt, "<subscriptions/>")) == "tybalt@example.org/street subscribed n\n");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    tybalt = &world.log_in("tybalt@example.org/street");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "c=x\n");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(heard(*tybalt) == "");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org/street") == "item-not-found");
    CHECK(configure(*romeo, "n", "access_model", "open") == "ok");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org/street") == "unexpected-request/not-subscribed");
    CHECK(publish(*romeo, "n", item("e")) == "ok");
    CHECK(heard(*tybalt) == "");
}

TEST_CASE_FIXTURE(Subscribers,
                  "pubsub: nobody subscribes somebody else, or to what they may not read") {
    CHECK(subscribe(*tybalt, "juliet@example.net") == "bad-request/invalid-jid");
    CHECK(subscribe(*tybalt, "tybalt@example.org/home") == "bad-request/invalid-jid");
    CHECK(unsubscribe(*tybalt, "juliet@example.net") == "bad-request/invalid-jid");
    CHECK(configure(*romeo, "n", "access_model", "presence") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "item-not-found");
    CHECK(subscribe(*juliet, "juliet@example.net") == "ok");
    CHECK(states(get(*tybalt, "<subscriptions/>")) == "item-not-found");
}

TEST_CASE_FIXTURE(Subscribers,
                  "pubsub: who is subscribed and wants it by presence hears of it once") {
    wishes()["juliet@example.net/balcony"] = {"n"};
    CHECK(subscribe(*juliet, "juliet@example.net") == "ok");
    (void)heard(*juliet);
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "b=x\n");
}

TEST_CASE_FIXTURE(Subscribers, "pubsub: owners see who is subscribed, and end it") {
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) ==
          "tybalt@example.org subscribed \n");
    CHECK(outcome(own(*tybalt, "get", "<subscriptions node='n'/>")) == "forbidden");
    const auto change = [&](std::string_view jid, std::string_view state) {
        return outcome(own(*romeo, "set",
                           "<subscriptions node='n'><subscription jid='" + std::string(jid) +
                               "' subscription='" + std::string(state) + "'/></subscriptions>"));
    };
    CHECK(change("juliet@example.net", "subscribed") == "not-acceptable");
    CHECK(change("tybalt@example.org", "subscribed") == "ok");
    CHECK(change("tybalt@example.org", "none") == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(outcome(own(*romeo, "set", "<delete node='n'/>")) == "ok");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
}

TEST_CASE("pubsub: a node has so many subscribers") {
    Subscribers scene("[pubsub]\nmax_subscriptions = 1\n");
    CHECK(Subscribers::subscribe(*scene.tybalt, "tybalt@example.org") == "ok");
    CHECK(Subscribers::subscribe(*scene.tybalt, "tybalt@example.org") == "ok");
    CHECK(Subscribers::subscribe(*scene.juliet, "juliet@example.net") ==
          "policy-violation/too-many-subscriptions");
}

}  // namespace
}  // namespace clarion::pubsub
