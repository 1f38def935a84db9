// Who is notified of what happens at an account's nodes, what it says of itself, and last items.
#include "tests/unit/modules/pubsub/pubsub_scene.h"

#include <algorithm>

namespace clarion::pubsub {
namespace {

const std::string of_romeo = "romeo@example.org n ";

struct Listeners : Scene {
    Client* phone = nullptr;
    Listeners() {
        phone = &world.log_in("romeo@example.org/phone");
        forget();
        for (const char* jid : {"romeo@example.org/orchard", "juliet@example.net/balcony",
                                "tybalt@example.org/street"})
            wishes()[jid] = {"n"};
    }
    std::string block(Client& client, std::string_view jid) {
        return outcome(
            client.ask("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
                       "<item jid='" +
                       std::string(jid) + "'/></block></iq>"));
    }
};

TEST_CASE_FIXTURE(Listeners, "pep: own resources and contacts hear of it, if they want to") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(heard(*romeo) == of_romeo + "a=x\n");
    CHECK(heard(*juliet) == of_romeo + "a=x\n");
    CHECK(heard(*tybalt) == "");
    CHECK(heard(*phone) == "");
    CHECK(publish(*romeo, "m", item("a")) == "ok");
    CHECK(heard(*juliet) == "");
}

TEST_CASE_FIXTURE(Listeners, "pep: nobody hears of what they may not read") {
    CHECK(publish(*romeo, "n", item("a"), "access_model", "whitelist") == "ok");
    CHECK(heard(*romeo) == of_romeo + "a=x\n");
    CHECK(heard(*juliet) == "");
    CHECK(affiliate(*romeo, "n", "juliet@example.net", "member") == "ok");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "b=x\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: blocked contacts are not notified, and blocked ones not heard") {
    CHECK(block(*romeo, "juliet@example.net") == "ok");
    forget();
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(heard(*juliet) == "");
    CHECK(outcome(romeo->ask("<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>")) ==
          "ok");
    CHECK(block(*juliet, "romeo@example.org") == "ok");
    forget();
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == "");
}

TEST_CASE_FIXTURE(Listeners, "pep: retracting, emptying, configuring and deleting are told of") {
    CHECK(publish(*romeo, "n", item("a") + item("b"), "max_items", "max") == "ok");
    CHECK(heard(*juliet) == of_romeo + "a=x b=x\n");
    const auto retract = [&](std::string_view more) {
        CHECK(outcome(set(*romeo, "<retract node='n'" + std::string(more) +
                                      "><item id='a'/></retract>")) == "ok");
    };
    retract("");
    CHECK(heard(*juliet) == of_romeo + "-a\n");
    CHECK(configure(*romeo, "n", "notify_retract", "0") == "ok");
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    (void)heard(*juliet);
    retract("");
    CHECK(heard(*juliet) == "");
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    (void)heard(*juliet);
    retract(" notify='1'");
    CHECK(heard(*juliet) == of_romeo + "-a\n");
    CHECK(outcome(own(*romeo, "set", "<purge node='n'/>")) == "ok");
    CHECK(heard(*juliet) == "");
    CHECK(configure(*romeo, "n", "notify_retract", "1") == "ok");
    CHECK(outcome(own(*romeo, "set", "<purge node='n'/>")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "purge\n");
    CHECK(configure(*romeo, "n", "notify_config", "1") == "ok");
    CHECK(heard(*juliet) == of_romeo + "configuration\n");
    CHECK(outcome(own(*romeo, "set",
                      "<delete node='n'><redirect uri='xmpp:romeo@example.org?;node=m'/>"
                      "</delete>")) == "ok");
    CHECK(heard(*juliet) == of_romeo + "delete\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: notifications without payloads, and none at all") {
    CHECK(publish(*romeo, "n", item("a"), "deliver_payloads", "0") == "ok");
    CHECK(heard(*juliet) == of_romeo + "a\n");
    CHECK(configure(*romeo, "n", "deliver_notifications", "0") == "ok");
    CHECK(publish(*romeo, "n", item("b")) == "ok");
    CHECK(heard(*juliet) == "");
    CHECK(publish(*romeo, "m", item("a"), "persist_items", "0") == "ok");
    wishes()["juliet@example.net/balcony"] = {"m"};
    CHECK(publish(*romeo, "m", item("b")) == "ok");
    CHECK(heard(*juliet) == "romeo@example.org m b=x\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: who comes gets the last item, once") {
    CHECK(publish(*romeo, "n", item("a") + item("b"), "max_items", "max") == "ok");
    CHECK(publish(*romeo, "quiet", item("a"), "send_last_published_item", "never") == "ok");
    forget();
    wishes()["juliet@example.net/chamber"] = {"n", "quiet"};
    wishes()["romeo@example.org/tablet"] = {"n"};
    Client& chamber = world.connect("juliet@example.net/chamber");
    chamber.send("<presence/>");
    CHECK(heard(chamber) == of_romeo + "b=x late\n");
    chamber.send("<presence><show>away</show></presence>");
    CHECK(heard(chamber) == "");
    CHECK(heard(*juliet) == "");
    Client& tablet = world.connect("romeo@example.org/tablet");
    tablet.send("<presence/>");
    CHECK(heard(tablet) == of_romeo + "b=x late\n");
    chamber.send("<presence type='unavailable'/>");
    chamber.send("<presence/>");
    CHECK(heard(chamber) == of_romeo + "b=x late\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: who was served before its presence came is not served again") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    forget();
    const Jid resource = Jid::trusted("juliet@example.net/chamber");
    const Capabilities can("client/pc//<n+notify<");
    // What the account learns by the presence itself.
    const auto learn = [&](const Capabilities* before) {
        events::CapabilitiesKnown known{romeo->account(), resource, can, before};
        romeo->account().context().bus().fire(known);
        world.settle();
    };
    wishes()[resource.full()] = {"n"};
    Client& chamber = world.connect(resource.full());
    chamber.send("<presence/>");
    CHECK(heard(chamber) == of_romeo + "a=x late\n");
    learn(nullptr);
    CHECK(heard(chamber) == "");
    chamber.send("<presence type='unavailable'/>");
    learn(nullptr);  // by another presence than was served
    CHECK(heard(chamber) == of_romeo + "a=x late\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: last items come from accounts at which nobody is") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(publish(*romeo, "secret", item("a"), "access_model", "whitelist") == "ok");
    phone->close();
    leave_memory();
    REQUIRE_FALSE(loaded("romeo@example.org"));
    wishes()["juliet@example.net/chamber"] = {"n", "secret"};
    Client& chamber = world.connect("juliet@example.net/chamber");
    chamber.send("<presence/>");
    CHECK(heard(chamber) == of_romeo + "a=x late\n");
}

TEST_CASE_FIXTURE(Listeners, "pep: last items of blocked ones do not come") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(block(*romeo, "juliet@example.net") == "ok");
    wishes()["juliet@example.net/chamber"] = {"n"};
    Client& chamber = world.connect("juliet@example.net/chamber");
    chamber.send("<presence/>");
    CHECK(heard(chamber) == "");
}

TEST_CASE_FIXTURE(Listeners, "pep: contacts elsewhere are notified at their resources") {
    world.befriend("romeo@example.org", "benvolio@example.com");
    wishes()["benvolio@example.com/x"] = {"n"};
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    const auto message = world.remote().pop();
    REQUIRE(message);
    CHECK(message->to().full() == "benvolio@example.com/x");
    CHECK(message->type() == StanzaType::headline);
    CHECK_FALSE(world.remote().pop());
}

// ---- Contacts elsewhere, while nobody is there -------------------------------------------------

struct Away : Scene {
    explicit Away(std::string options) : Scene(std::move(options)) {
        world.befriend("romeo@example.org", "benvolio@example.com");
        CHECK(publish(*romeo, "n", item("a")) == "ok");
        leave();
    }
    Away() : Away("") {}
    void leave() {
        leave_memory();
        REQUIRE_FALSE(loaded("romeo@example.org"));
        world.remote().drop_all();
    }
    void arrive(std::string_view from, std::string_view type = "") {
        world.arrive("<presence from='" + std::string(from) + "' to='romeo@example.org'" +
                     (type.empty() ? "" : " type='" + std::string(type) + "'") +
                     "><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:c' "
                     "ver='rN18D/M2MiNg7yyjx9/pLF7Lr9E='/></presence>");
    }
    /// What went to other servers, each "to id\n".
    std::string sent() {
        std::string text;
        while (const auto message = world.remote().pop()) {
            if (!message->is_message()) continue;
            const xml::Element* event = message->root().child(ns::pubsub_event, "event");
            REQUIRE(event);
            CHECK(message->root().child(ns::delay, "delay"));
            text += message->to().full() + ' ' + list(*event->first_child()) + '\n';
        }
        return text;
    }
};

const std::string to_benvolio = "benvolio@example.com/x a \n";

TEST_CASE_FIXTURE(Away, "pep away: a contact elsewhere gets the last item when it comes, once") {
    arrive("benvolio@example.com/x");
    CHECK(sent() == to_benvolio);
    arrive("benvolio@example.com/x");
    CHECK(sent() == "");
    arrive("benvolio@example.com/x", "unavailable");
    CHECK(sent() == "");
    arrive("benvolio@example.com/x");
    CHECK(sent() == to_benvolio);
    arrive("paris@example.com/x");
    CHECK(sent() == "");
    world.at("romeo@example.org",
             [](core::Core& core) { core.accounts().evict_slice(std::chrono::hours(1), 1); });
    CHECK_FALSE(loaded("romeo@example.org"));  // it was loaded for a moment
}

TEST_CASE_FIXTURE(Away, "pep away: who was served is not served again when somebody comes") {
    arrive("benvolio@example.com/x");
    CHECK(sent() == to_benvolio);
    romeo = &world.log_in("romeo@example.org/orchard");
    const Jid resource = Jid::trusted("benvolio@example.com/x");
    const Capabilities can("client/pc//<n+notify<");
    romeo->account().context().bus().fire(
        events::CapabilitiesKnown{romeo->account(), resource, can, nullptr});
    world.settle();
    CHECK(sent() == "");
}

TEST_CASE_FIXTURE(Away,
                  "pep away: only what the contact may read, and from accounts that have it") {
    romeo = &world.log_in("romeo@example.org/orchard");
    juliet = &world.log_in("juliet@example.net/balcony");
    tybalt = &world.log_in("tybalt@example.org/street");
    CHECK(configure(*romeo, "n", "access_model", "whitelist") == "ok");
    leave();
    arrive("benvolio@example.com/x");
    CHECK(sent() == "");
    world.arrive(
        "<presence from='benvolio@example.com/x' to='nobody@example.org'>"
        "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:c' "
        "ver='rN18D/M2MiNg7yyjx9/pLF7Lr9E='/></presence>");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE("pep away: a domain has accounts loaded for nothing so often") {
    Away scene("[pubsub]\nmax_wasted_loads = 2\n");
    for (const char* from : {"paris@example.com/x", "rosaline@example.com/x"}) scene.arrive(from);
    scene.arrive("benvolio@example.com/x");
    CHECK(scene.sent() == "");
    scene.world.advance(std::chrono::hours(1));
    scene.arrive("benvolio@example.com/x");
    CHECK(scene.sent() == to_benvolio);
}

TEST_CASE("pep away: it can be switched off") {
    Away scene("[pubsub]\nmax_wasted_loads = 0\n");
    scene.arrive("benvolio@example.com/x");
    CHECK(scene.sent() == "");
}

// ---- Discovery ---------------------------------------------------------------------------------

xml::Document disco(Client& client, std::string_view what, std::string_view node = {}) {
    const std::string attribute = node.empty() ? "" : " node='" + std::string(node) + "'";
    return client.ask(
        "<iq type='get' id='d' to='romeo@example.org'><query "
        "xmlns='http://jabber.org/protocol/disco#" +
        std::string(what) + "'" + attribute + "/></iq>");
}

TEST_CASE_FIXTURE(Scene, "pep: an account says that it is a pubsub service") {
    const auto answer = disco(*romeo, "info");
    const auto info = DiscoInfo::from_element(*answer.root().first_child());
    REQUIRE(info);
    CHECK(std::any_of(info->identities.begin(), info->identities.end(), [](const auto& identity) {
        return identity.category == "pubsub" && identity.type == "pep";
    }));
    CHECK(info->identities.size() == 2);
    for (const char* feature : {"", "#publish-options", "#auto-create", "#persistent-items",
                                "#access-presence", "#filtered-notifications", "#multi-items"})
        CHECK(info->has_feature(std::string(ns::pubsub) + feature));
    CHECK_FALSE(info->has_feature(std::string(ns::pubsub) + "#collections"));
}

TEST_CASE_FIXTURE(Scene, "pep: nodes are found by who may see them") {
    CHECK(publish(*romeo, "n", item("a")) == "ok");
    CHECK(publish(*romeo, "secret", item("a"), "access_model", "whitelist") == "ok");
    CHECK(configure(*romeo, "n", "title", "News") == "ok");
    const auto nodes = [](Client& client) {
        const auto answer = disco(client, "items");
        std::string text;
        for (const auto& each : answer.root().first_child()->children())
            if (each.has_attr("node")) text += std::string(each.attr("node")) + ' ';
        return text;
    };
    CHECK(nodes(*romeo) == "n secret ");
    CHECK(nodes(*juliet) == "n ");
    CHECK(nodes(*tybalt) == "");
    const auto answer = disco(*juliet, "info", "n");
    CHECK(answer.root().first_child()->attr("node") == "n");
    const auto info = DiscoInfo::from_element(*answer.root().first_child());
    REQUIRE(info);
    CHECK(info->identities.front().type == "leaf");
    REQUIRE(info->forms.size() == 1);
    CHECK(info->forms.front().value("pubsub#title") == "News");
    CHECK(outcome(disco(*juliet, "items", "n")) == "ok");
    CHECK(outcome(disco(*juliet, "info", "secret")) == "item-not-found");
    CHECK(outcome(disco(*juliet, "info", "none")) == "item-not-found");
    CHECK(outcome(disco(*romeo, "info", "secret")) == "ok");
}

// ---- What rests on it --------------------------------------------------------------------------

TEST_CASE_FIXTURE(Listeners, "pep: private storage is as XEP-0223 wants it") {
    const std::string private_options =
        "<publish-options><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE' type='hidden'>"
        "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
        "<field var='pubsub#persist_items'><value>true</value></field>"
        "<field var='pubsub#access_model'><value>whitelist</value></field></x></publish-options>";
    for (int i = 0; i < 2; ++i)
        CHECK(outcome(set(*romeo, "<publish node='n'>" + item("current") + "</publish>" +
                                      private_options)) == "ok");
    CHECK(heard(*romeo) == of_romeo + "current=x\n" + of_romeo + "current=x\n");
    CHECK(heard(*juliet) == "");
    CHECK(items(*juliet, "n") == "item-not-found");
    CHECK(items(*phone, "n") == "current=x ");
    CHECK(publish(*romeo, "public", item("a")) == "ok");
    CHECK(outcome(set(*romeo, "<publish node='public'>" + item("current") + "</publish>" +
                                  private_options)) == "conflict/precondition-not-met");
}

TEST_CASE_FIXTURE(Listeners,
                  "pep: device lists and bundles are read by strangers if they are open") {
    const std::string bundles = "urn:xmpp:omemo:2:bundles";
    const std::string open_options =
        "<publish-options><x xmlns='jabber:x:data' type='submit'>"
        "<field var='FORM_TYPE' type='hidden'>"
        "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
        "<field var='pubsub#access_model'><value>open</value></field>"
        "<field var='pubsub#max_items'><value>max</value></field></x></publish-options>";
    for (const char* device : {"31415", "27182"})
        CHECK(outcome(set(*romeo, "<publish node='" + bundles + "'>" + item(device) + "</publish>" +
                                      open_options)) == "ok");
    CHECK(items(*tybalt, bundles) == "31415=x 27182=x ");
    const auto one = get(*tybalt, "<items node='" + bundles + "'><item id='31415'/></items>");
    CHECK(list(*one.root().child(ns::pubsub, "pubsub")->first_child()) == "31415=x ");
    CHECK(publish(*tybalt, bundles, item("666")) == "forbidden");
    world.arrive(
        "<iq type='get' id='o' from='paris@example.com/x' to='romeo@example.org'>"
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='" +
        bundles + "'/></pubsub></iq>");
    const auto answer = world.remote().pop();
    REQUIRE(answer);
    CHECK(answer->type() == StanzaType::result);
}

}  // namespace
}  // namespace clarion::pubsub
