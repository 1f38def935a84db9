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
    CHECK(unsubscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(heard(*tybalt) == "");
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
    CHECK(subscribe(*juliet, "juliet@example.net/balcony") == "ok");
    (void)heard(*juliet);
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "b=x\n");
}

TEST_CASE_FIXTURE(Subscribers, "pubsub: owners see who is subscribed, and end it") {
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) ==
          "tybalt@example.org subscribed \n");
    CHECK(outcome(own(*tybalt, "get", "<subscriptions node='n'/>")) == "forbidden");
    const auto refused = own(*romeo, "set",
                             "<subscriptions node='n'>"
                             "<subscription jid='juliet@example.net' subscription='subscribed'/>"
                             "<subscription jid='tybalt@example.org' subscription='none'/>"
                             "</subscriptions>");
    CHECK(outcome(refused) == "not-acceptable");
    std::string as_it_is;
    for (const auto& each :
         refused.root().child(ns::pubsub_owner, "pubsub")->first_child()->children())
        as_it_is += std::string(each.attr("subscription")) + ' ';
    CHECK(as_it_is == "none subscribed ");
    CHECK(decide(*romeo, "n", "tybalt@example.org", "pending") == "not-acceptable");
    CHECK(decide(*romeo, "n", "tybalt@example.org", "subscribed") == "ok");
    (void)heard(*tybalt);
    CHECK(decide(*romeo, "n", "tybalt@example.org", "none") == "ok");
    CHECK(heard(*tybalt) == of_romeo + "tybalt@example.org none\n");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(outcome(own(*romeo, "set", "<delete node='n'/>")) == "ok");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(states(own(*romeo, "get", "<subscriptions node='n'/>")) == "");
}

// ---- Options -----------------------------------------------------------------------------------

std::string option(std::string_view var, std::string_view value) {
    return Scene::options("subscribe_options", var, value);
}

TEST_CASE_FIXTURE(Subscribers, "pubsub: subscribers say whether they want to hear of it") {
    const std::string tybalts = "<options node='n' jid='tybalt@example.org'";
    const auto change = [&](Client& client, std::string_view var, std::string_view value) {
        return outcome(set(client, tybalts + ">" + option(var, value) + "</options>"));
    };
    const auto delivers = [&](Client& client) {
        const auto answer = get(client, tybalts + "/>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        const xml::Element& chosen =
            *answer.root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "options");
        CHECK(chosen.attr("jid") == "tybalt@example.org");
        return std::string(
            DataForm::find_in(chosen, ns::pubsub_subscribe_options)->value("pubsub#deliver"));
    };
    CHECK(change(*tybalt, "deliver", "0") == "unexpected-request/not-subscribed");
    CHECK(delivers(*tybalt) == "unexpected-request/not-subscribed");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    (void)heard(*tybalt);
    CHECK(delivers(*tybalt) == "1");
    CHECK(change(*tybalt, "deliver", "0") == "ok");
    CHECK(change(*juliet, "deliver", "1") == "forbidden");
    CHECK(delivers(*juliet) == "forbidden");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*tybalt) == "");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    tybalt = &world.log_in("tybalt@example.org/street");
    juliet = &world.log_in("juliet@example.net/balcony");
    CHECK(delivers(*tybalt) == "0");
    CHECK(change(*tybalt, "digest", "1") == "bad-request/invalid-options");
    CHECK(change(*tybalt, "deliver", "perhaps") == "bad-request/invalid-options");
    CHECK(outcome(set(*tybalt, tybalts + "/>")) == "bad-request/invalid-options");
    CHECK(change(*tybalt, "deliver", "true") == "ok");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "c=x\n");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    CHECK(delivers(*tybalt) == "item-not-found");
    CHECK(delivers(*juliet) == "item-not-found");
}

TEST_CASE_FIXTURE(Subscribers, "pubsub: who subscribes says so at once") {
    const std::string subscribe_node = "<subscribe node='n' jid='tybalt@example.org'/>";
    const auto answer =
        set(*tybalt, subscribe_node + "<options>" + option("deliver", "0") + "</options>");
    const xml::Element* pubsub = answer.root().child(ns::pubsub, "pubsub");
    REQUIRE(pubsub);
    CHECK(pubsub->child(ns::pubsub, "subscription")->attr("subscription") == "subscribed");
    const auto form = DataForm::find_in(*pubsub->child(ns::pubsub, "options"));
    REQUIRE(form);
    CHECK(form->type == "result");
    CHECK(form->value("pubsub#deliver") == "0");
    CHECK(heard(*tybalt) == "");
    CHECK(outcome(set(*tybalt, subscribe_node + "<options node='n'/>")) == "bad-request");
    CHECK(outcome(set(*tybalt, subscribe_node + "<options>" + option("expire", "presence") +
                                   "</options>")) == "bad-request/invalid-options");
}

TEST_CASE_FIXTURE(Subscribers, "pubsub: what subscriptions begin with") {
    const auto defaults = [](Client& client, std::string_view node) {
        const auto answer = get(client, "<default" + std::string(node) + "/>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        const xml::Element& form = *answer.root().child(ns::pubsub, "pubsub")->first_child();
        return std::string(form.attr("node")) +
               std::string(DataForm::find_in(form)->value("pubsub#deliver"));
    };
    CHECK(defaults(*juliet, "") == "1");
    CHECK(defaults(*tybalt, "") == "item-not-found");
    CHECK(defaults(*tybalt, " node='n'") == "n1");
    CHECK(defaults(*tybalt, " node='m'") == "item-not-found");
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
