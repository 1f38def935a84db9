// What nodes are configured to do with items: how long and how many are kept, how large they are,
// whose address they carry; and how they are found.
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

const std::string of_romeo = "romeo@example.org n ";

std::string config(std::string_view var, std::string_view value) {
    return "<field var='pubsub#" + std::string(var) + "'><value>" + std::string(value) +
           "</value></field>";
}

struct Rules : Scene {
    explicit Rules(std::string options) : Scene(std::move(options)) {}
    Rules() : Rules("") {}

    /// A node for any number of items, with these fields beside.
    void make(std::string_view fields, std::string_view node = "n") {
        CHECK(outcome(
                  set(*romeo, "<create node='" + std::string(node) +
                                  "'/><configure><x xmlns='jabber:x:data' type='submit'>"
                                  "<field var='FORM_TYPE' type='hidden'><value>"
                                  "http://jabber.org/protocol/pubsub#node_config</value></field>" +
                                  config("access_model", "open") + config("max_items", "max") +
                                  std::string(fields) + "</x></configure>")) == "ok");
    }
    std::size_t stored() {
        return world.storage().engine().snapshot()->entries(storage::Table::module_data);
    }
    void come_back() {
        world.crash_and_restart();
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        tybalt = &world.log_in("tybalt@example.org/street");
        forget();
    }
};

// ---- Expiry ------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Rules, "pubsub: items go when their time is over") {
    make(config("item_expire", "100"));
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    world.advance(std::chrono::seconds(60));
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    world.advance(std::chrono::seconds(39));
    CHECK(items(*romeo, "n") == "a=x b=x ");
    world.advance(std::chrono::seconds(1));
    CHECK(items(*tybalt, "n") == "b=x ");
    come_back();
    CHECK(items(*tybalt, "n") == "b=x ");
    world.advance(std::chrono::seconds(60));
    CHECK(outcome(set(*romeo, "<retract node='n'><item id='b'/></retract>")) == "item-not-found");
    CHECK(items(*romeo, "n") == "");
    CHECK(stored() == 0);
}

TEST_CASE_FIXTURE(Rules, "pubsub: what has expired is no last item") {
    make(config("item_expire", "100"));
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(heard(*tybalt) == of_romeo + "a=x late\n");
    world.advance(std::chrono::seconds(100));
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(heard(*tybalt) == "");
    wishes()["juliet@example.net/chamber"] = {"n"};
    Client& chamber = world.connect("juliet@example.net/chamber");
    chamber.send("<presence/>");
    CHECK(heard(chamber) == "");
}

TEST_CASE_FIXTURE(Rules, "pubsub: nodes that nobody asks for are emptied by the way") {
    make(config("item_expire", "100"), "old");
    make("", "another");
    CHECK(publish(*romeo, "old", item("a") + item("b")) == "ok");
    world.advance(std::chrono::hours(2));
    CHECK(stored() > 0);
    CHECK(items(*romeo, "another") == "");
    CHECK(stored() == 0);
}

TEST_CASE_FIXTURE(Rules, "pubsub: a time can be set later, and taken back") {
    make("");
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    come_back();
    world.advance(std::chrono::seconds(100));
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(configure(*romeo, "n", "item_expire", "50") == "ok");
    CHECK(items(*romeo, "n") == "b=x ");
    CHECK(configure(*romeo, "n", "item_expire", "max") == "ok");
    world.advance(std::chrono::hours(1));
    CHECK(items(*romeo, "n") == "b=x ");
    CHECK(configure(*romeo, "n", "item_expire", "soon") == "not-acceptable");
}

// ---- How many, and how large -------------------------------------------------------------------

TEST_CASE_FIXTURE(Rules, "pubsub: a full node drops the oldest, says so, or refuses") {
    make(config("max_items", "2") + config("publish_node_full", "retract-oldest"));
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(publish(*romeo, "n", item("a") + item("b")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "a=x b=x\n");
    CHECK(publish(*romeo, "n", item("c")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "c=x\n" + of_romeo + "-a\n");
    CHECK(configure(*romeo, "n", "publish_node_full", "discard-oldest") == "ok");
    CHECK(publish(*romeo, "n", item("d")) == "ok");
    CHECK(heard(*tybalt) == of_romeo + "d=x\n");
    CHECK(configure(*romeo, "n", "publish_node_full", "reject") == "ok");
    CHECK(publish(*romeo, "n", item("e")) == "conflict/node-full");
    CHECK(publish(*romeo, "n", item("d", "again")) == "ok");
    CHECK(publish(*romeo, "n", item("c") + item("e")) == "conflict/node-full");
    CHECK(items(*romeo, "n") == "c=x d=again ");
    CHECK(publish(*romeo, "n", item("1") + item("2") + item("3")) ==
          "not-allowed/max-items-exceeded");
    CHECK(publish(*romeo, "n", "<item><p xmlns='urn:p'/></item>" + item("c") + item("d")) ==
          "not-allowed/max-items-exceeded");
}

TEST_CASE_FIXTURE(Rules, "pubsub: a node may take less than the service") {
    make(config("max_payload_size", "30"));
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(publish(*romeo, "n", item("b", std::string(30, 'x'))) ==
          "not-acceptable/payload-too-big");
}

// ---- Whose address they carry ------------------------------------------------------------------

std::string publishers(const xml::Element& items) {
    std::string text;
    for (const xml::Element& each : items.children())
        text += std::string(each.attr("id")) + ' ' + std::string(each.attr("publisher")) + '\n';
    return text;
}

TEST_CASE_FIXTURE(Rules, "pubsub: items say who published them, if the node is made so") {
    const auto kept = [&] {
        const auto answer = get(*tybalt, "<items node='n'/>");
        return publishers(*answer.root().child(ns::pubsub, "pubsub")->first_child());
    };
    const auto told = [&] {
        const auto message = tybalt->pop("message");
        return publishers(*message.root().child(ns::pubsub_event, "event")->first_child());
    };
    make(config("itemreply", "publisher"));
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "publisher") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(told() == "a romeo@example.org\n");
    CHECK(publish(*juliet, "n", "<item id='j' publisher='king@x'><p xmlns='urn:p'/></item>") ==
          "ok");
    CHECK(told() == "j juliet@example.net\n");
    CHECK(kept() == "a romeo@example.org\nj juliet@example.net\n");
    const auto one = get(*tybalt, "<items node='n'><item id='j'/></items>");
    CHECK(publishers(*one.root().child(ns::pubsub, "pubsub")->first_child()) ==
          "j juliet@example.net\n");
    CHECK(subscribe(*tybalt, "tybalt@example.org/street") == "ok");
    CHECK(told() == "j juliet@example.net\n");
    CHECK(configure(*romeo, "n", "itemreply", "owner") == "ok");
    CHECK(kept() == "a romeo@example.org\nj romeo@example.org\n");
    CHECK(configure(*romeo, "n", "itemreply", "none") == "ok");
    CHECK(kept() == "a \nj \n");
}

// ---- What else is configured -------------------------------------------------------------------

TEST_CASE_FIXTURE(Rules, "pubsub: owners are told of who subscribes and goes") {
    make(config("notify_sub", "1"));
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "owner") == "ok");
    const auto told = [](Client& owner) {
        std::string text;
        while (owner.pending() > 0) {
            const auto message = owner.pop("message");
            CHECK(message.root().attr("type") == "headline");
            const xml::Element& what =
                *message.root().child(ns::pubsub_event, "event")->first_child();
            text += std::string(what.attr("node")) + ' ' + std::string(what.attr("jid")) + ' ' +
                    std::string(what.attr("subscription")) + '\n';
        }
        return text;
    };
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(told(*romeo) == "n tybalt@example.org subscribed\n");
    CHECK(told(*juliet) == "n tybalt@example.org subscribed\n");
    CHECK(unsubscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(told(*romeo) == "n tybalt@example.org none\n");
    CHECK(configure(*romeo, "n", "notify_sub", "0") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(told(*romeo) == "");
}

TEST_CASE_FIXTURE(Rules, "pubsub: a node without subscriptions, and notifications that wait") {
    make(config("subscribe", "0") + config("notification_type", "normal"));
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "feature-not-implemented/unsupported");
    CHECK(configure(*romeo, "n", "subscribe", "1") == "ok");
    CHECK(subscribe(*tybalt, "tybalt@example.org") == "ok");
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK_FALSE(tybalt->pop("message").root().has_attr("type"));
}

TEST_CASE_FIXTURE(Rules, "pubsub: a node lists its items to who may read them") {
    make("");
    CHECK(publish(*romeo, "n", item("a") + item("b") + item("c")) == "ok");
    const auto listed = [](Client& client, std::string_view node, std::string_view inside = "") {
        const auto answer =
            client.ask("<iq type='get' id='d' to='romeo@example.org'><query node='" +
                       std::string(node) + "' xmlns='http://jabber.org/protocol/disco#items'>" +
                       std::string(inside) + "</query></iq>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        const xml::Element& query = *answer.root().first_child();
        std::string text;
        for (const xml::Element& each : query.children()) {
            if (each.name() == "set") {
                text += "of " + std::string(each.child_text(ns::rsm, "count"));
                continue;
            }
            CHECK(each.attr("jid") == "romeo@example.org");
            CHECK_FALSE(each.has_attr("node"));
            text += std::string(each.attr("name")) + ' ';
        }
        return text;
    };
    CHECK(listed(*romeo, "n") == "a b c ");
    CHECK(listed(*juliet, "n") == "a b c ");
    CHECK(listed(*tybalt, "n") == "a b c ");
    CHECK(listed(*romeo, "n", "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set>") ==
          "a b of 3");
    CHECK(configure(*romeo, "n", "access_model", "authorize") == "ok");
    CHECK(listed(*juliet, "n") == "");  // there is such a node, for which she may ask
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    CHECK(listed(*juliet, "n") == "item-not-found");
    CHECK(listed(*romeo, "n") == "a b c ");
    CHECK(listed(*romeo, "m") == "item-not-found");
    // A stranger gets what every account's nodes say.
    CHECK(listed(*tybalt, "n") == listed(*tybalt, "m"));
}

}  // namespace
}  // namespace clarion::pubsub
