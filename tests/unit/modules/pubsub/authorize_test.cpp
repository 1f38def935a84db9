// Nodes whose owners decide who may read them.
#include "proto/pubsub.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

const std::string of_romeo = "romeo@example.org n ";
const std::string no_node = "item-not-found";

struct Owners : Scene {
    explicit Owners(std::string config) : Scene(std::move(config)) {
        CHECK(publish(*romeo, "n", item("a"), "access_model", "authorize") == "ok");
    }
    Owners() : Owners("") {}

    /// The state that the answer to a <subscribe/> says, or the error.
    static std::string ask_for(Client& client, std::string_view jid) {
        const auto answer = set(client, "<subscribe node='n' jid='" + std::string(jid) + "'/>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        return std::string(
            answer.root().child(ns::pubsub, "pubsub")->first_child()->attr("subscription"));
    }
    /// The requests that have come, each "node jid\n".
    static std::string asked(Client& client) {
        std::string text;
        while (client.pending() > 0) {
            const auto element = client.pop();
            const auto form = DataForm::find_in(
                element.root(), "http://jabber.org/protocol/pubsub#subscribe_authorization");
            if (!form) continue;
            CHECK(element.root().attr("from") == "romeo@example.org");
            CHECK(form->type == "form");
            CHECK(form->value("pubsub#allow") == "0");
            text += std::string(form->value("pubsub#node")) + ' ' +
                    std::string(form->value("pubsub#subscriber_jid")) + '\n';
        }
        return text;
    }
    static void answer(Client& client, std::string_view jid, std::string_view allow,
                       std::string_view type = "submit", std::string_view node = "n") {
        DataForm form = authorization_form(node, *Jid::parse(jid));
        form.type = type;
        for (DataFormField& field : form.fields)
            if (field.var == "pubsub#allow") field.values = {std::string(allow)};
        auto message = Stanza::make(StanzaKind::message, StanzaType::normal, Jid(),
                                    Jid::trusted("romeo@example.org"), "answer");
        form.append_to(message->root());
        client.send(xml::to_string(message->root()));
    }
    std::string all() { return states(own(*romeo, "get", "<subscriptions node='n'/>")); }
};

TEST_CASE_FIXTURE(Owners, "pubsub: who asks waits until an owner allows it") {
    CHECK(items(*tybalt, "n") == "not-authorized/not-subscribed");
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(asked(*romeo) == "n tybalt@example.org\n");
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "not-authorized/pending-subscription");
    CHECK(asked(*romeo) == "");
    CHECK(states(get(*tybalt, "<subscriptions/>")) == "tybalt@example.org pending n\n");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*tybalt) == "");
    CHECK(items(*tybalt, "n") == "not-authorized/not-subscribed");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    tybalt = &world.log_in("tybalt@example.org/street");
    CHECK(all() == "tybalt@example.org pending \n");
    answer(*romeo, "tybalt@example.org", "1");
    CHECK(romeo->pending() == 0);
    CHECK(heard(*tybalt) == of_romeo + "tybalt@example.org subscribed\n" + of_romeo + "b=x late\n");
    CHECK(items(*tybalt, "n") == "b=x ");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "c=x\n");
    CHECK(ask_for(*tybalt, "tybalt@example.org/street") == "subscribed");
    CHECK(asked(*romeo) == "");
}

TEST_CASE_FIXTURE(Owners, "pubsub: an owner refuses, puts it off, or does it another way") {
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    answer(*romeo, "tybalt@example.org", "0", "cancel");
    CHECK(all() == "tybalt@example.org pending \n");
    answer(*romeo, "tybalt@example.org", "0");
    CHECK(heard(*tybalt) == of_romeo + "tybalt@example.org none\n");
    CHECK(all() == "");
    answer(*romeo, "tybalt@example.org", "1");  // too late
    CHECK(all() == "");
    CHECK(heard(*tybalt) == "");
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(decide(*romeo, "n", "tybalt@example.org", "pending") == "ok");
    CHECK(heard(*tybalt) == "");
    CHECK(decide(*romeo, "n", "tybalt@example.org", "subscribed") == "ok");
    CHECK(heard(*tybalt) == of_romeo + "tybalt@example.org subscribed\n" + of_romeo + "a=x late\n");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(items(*tybalt, "n") == "not-authorized/not-subscribed");
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(all() == "");
}

TEST_CASE_FIXTURE(Owners, "pubsub: all owners are asked, and nobody else decides") {
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "owner") == "ok");
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(asked(*romeo) == "n tybalt@example.org\n");
    CHECK(asked(*juliet) == "n tybalt@example.org\n");
    answer(*tybalt, "tybalt@example.org", "1");
    CHECK(romeo->pending() == 1);  // it is a message as any other
    romeo->drop_all();
    CHECK(all() == "tybalt@example.org pending \n");
    answer(*juliet, "tybalt@example.org", "1", "submit", "another");
    CHECK(romeo->pending() == 1);
    romeo->drop_all();
    answer(*juliet, "tybalt@example.org", "1");
    CHECK(romeo->pending() == 0);
    CHECK(all() == "tybalt@example.org subscribed \n");
}

TEST_CASE_FIXTURE(Owners, "pubsub: who is something to a node need not ask, and outcasts may not") {
    for (const char* affiliation : {"member", "publisher"}) {
        CHECK(affiliate(*romeo, "n", "tybalt@example.org", affiliation) == "ok");
        CHECK(ask_for(*tybalt, "tybalt@example.org") == "subscribed");
        CHECK(unsubscribe(*tybalt, "tybalt@example.org") == "ok");
    }
    for (const char* affiliation : {"outcast", "publish-only"}) {
        CHECK(affiliate(*romeo, "n", "tybalt@example.org", affiliation) == "ok");
        CHECK(ask_for(*tybalt, "tybalt@example.org") == no_node);
        CHECK(items(*tybalt, "n") == no_node);
    }
    CHECK(asked(*romeo) == "");
}

TEST_CASE_FIXTURE(Owners, "pubsub: who is let in by one address waits by no other") {
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(ask_for(*tybalt, "tybalt@example.org/street") == "pending");
    CHECK(ask_for(*juliet, "juliet@example.net") == "pending");
    forget();
    CHECK(decide(*romeo, "n", "tybalt@example.org", "subscribed") == "ok");
    CHECK(all() ==
          "juliet@example.net pending \ntybalt@example.org subscribed \n"
          "tybalt@example.org/street subscribed \n");
    const std::string told = heard(*tybalt);
    CHECK(told.find("n tybalt@example.org subscribed\n") != std::string::npos);
    CHECK(told.find("n tybalt@example.org/street subscribed\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Owners, "pubsub: who waits and becomes something is decided on by that") {
    CHECK(ask_for(*tybalt, "tybalt@example.org") == "pending");
    CHECK(affiliate(*romeo, "n", "tybalt@example.org", "member") == "ok");
    CHECK(heard(*tybalt) == of_romeo + "tybalt@example.org subscribed\n" + of_romeo + "a=x late\n");
    CHECK(ask_for(*juliet, "juliet@example.net") == "pending");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "outcast") == "ok");
    CHECK(heard(*juliet) == of_romeo + "juliet@example.net none\n");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "none") == "ok");
    CHECK(ask_for(*juliet, "juliet@example.net") == "pending");
    CHECK(configure(*romeo, "n", "access_model", "presence") == "ok");
    CHECK(heard(*juliet) == of_romeo + "juliet@example.net subscribed\n" + of_romeo + "a=x late\n");
    CHECK(configure(*romeo, "n", "access_model", "authorize") == "ok");
    CHECK(heard(*juliet) == "");  // who was subscribed stays so
    CHECK(all() == "juliet@example.net subscribed \ntybalt@example.org subscribed \n");
}

TEST_CASE_FIXTURE(Owners, "pubsub: who sees presence hears of such a node only if it is allowed") {
    wishes()["juliet@example.net/balcony"] = {"n"};
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == "");
    CHECK(ask_for(*juliet, "juliet@example.net") == "pending");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*juliet) == "");
    answer(*romeo, "juliet@example.net", "true");
    (void)heard(*juliet);
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "d=x\n");
}

TEST_CASE("pubsub: so many may wait at a node") {
    Owners scene("[pubsub]\nmax_pending_subscriptions = 1\n");
    CHECK(Owners::ask_for(*scene.tybalt, "tybalt@example.org") == "pending");
    CHECK(Owners::ask_for(*scene.juliet, "juliet@example.net") ==
          "policy-violation/too-many-subscriptions");
    Owners::answer(*scene.romeo, "tybalt@example.org", "1");
    CHECK(Owners::ask_for(*scene.juliet, "juliet@example.net") == "pending");
}

TEST_CASE("pubsub: who asks and gives up again and again does not fill the owners' messages") {
    Owners scene("[pubsub]\napproval_requests_per_hour = 2\n");
    const auto ask_and_give_up = [&] {
        CHECK(Owners::ask_for(*scene.tybalt, "tybalt@example.org") == "pending");
        CHECK(Owners::outcome(Owners::set(*scene.tybalt,
                                          "<unsubscribe node='n' jid='tybalt@example.org'/>")) ==
              "ok");
    };
    const std::string request = "n tybalt@example.org\n";
    for (int i = 0; i < 5; ++i) ask_and_give_up();
    CHECK(Owners::asked(*scene.romeo) == request + request);
    scene.world.advance(std::chrono::minutes(59));
    CHECK(Owners::ask_for(*scene.tybalt, "tybalt@example.org") == "pending");
    CHECK(Owners::asked(*scene.romeo) == "");
    CHECK(scene.all() == "tybalt@example.org pending \n");
    CHECK(Owners::outcome(Owners::set(*scene.tybalt,
                                      "<unsubscribe node='n' jid='tybalt@example.org'/>")) == "ok");
    scene.world.advance(std::chrono::minutes(1));
    CHECK(Owners::ask_for(*scene.tybalt, "tybalt@example.org") == "pending");
    CHECK(Owners::asked(*scene.romeo) == request);
}

}  // namespace
}  // namespace clarion::pubsub
