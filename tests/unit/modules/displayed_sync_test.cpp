#include "modules/displayed_sync.h"

#include <algorithm>

#include "modules/carbons.h"
#include "modules/mam/mam.h"
#include "proto/pubsub_client.h"
#include "server/core/events/message_events.h"
#include "server/core/events/pep_events.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::displayed_sync {
namespace {

using test::Client;
using test::World;

constexpr std::string_view marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>";

std::string displayed(std::string_view id) {
    return "<displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' "
           "by='romeo@example.org' id='" +
           std::string(id) + "'/></displayed>";
}

std::string message(std::string_view to, std::string_view inside, std::string_view more = "") {
    return "<message to='" + std::string(to) + "' " + std::string(more) + ">" +
           std::string(inside) + "</message>";
}

TEST_CASE("displayed sync: what a message says of it") {
    const std::string stanza_id = "<stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='1'/>";
    const std::string open = "<displayed xmlns='urn:xmpp:mds:displayed:0'>";
    const struct {
        std::string inside, attributes;
        bool says;
    } cases[] = {
        {displayed("1"), "", true},
        {std::string(marker) + displayed("1"), "type='chat'", true},
        {displayed("1"), "type='groupchat'", true},
        {open + " " + stanza_id + "\n</displayed>", "", true},
        {std::string(marker), "", false},
        {"<displayed xmlns='urn:xmpp:mds:displayed:0'/>", "", false},
        {open + stanza_id + stanza_id + "</displayed>", "", false},
        {open + "<x xmlns='urn:x'/></displayed>", "", false},
        {"<x xmlns='urn:x'>" + displayed("1") + "</x>", "", false},
        {displayed("1") + "<error type='cancel'/>", "type='error'", false},
    };
    for (const auto& c : cases) {
        INFO(c.inside);
        auto parsed = Stanza::from_document(xml::parse_element(
            message("Juliet@example.net/Balcony", c.inside, c.attributes), ns::client));
        REQUIRE(parsed.ok());
        const auto read = read_displayed(**parsed);
        CHECK(read.has_value() == c.says);
        if (read) CHECK(read->chat == "Juliet@example.net/Balcony");  // word for word
    }
}

TEST_CASE("displayed sync: of what waits each chat's newest stays") {
    const Jid phone = Jid::trusted("romeo@example.org/phone");
    Waiting waiting;
    waiting.add({"a", "1"}, phone, {});
    waiting.add({"b", "2"}, phone, {});
    waiting.add({"a", "3"}, phone, {});
    REQUIRE(waiting.size() == 2);
    const auto first = waiting.take();
    CHECK(first.displayed.chat == "a");
    CHECK(first.displayed.payload == "3");
    CHECK(first.tickets.size() == 2);
    CHECK(waiting.take().displayed.payload == "2");
    CHECK(waiting.empty());
}

// ---- In a server -------------------------------------------------------------------------------

/// What was published, by which the module's requests are counted.
std::vector<std::string>& published() {
    static std::vector<std::string> all;
    return all;
}

void install_witness(core::ModuleSetup& setup) {
    setup.on<events::PepNodeChanged>(
        events::PepNodeChanged::Stage::react, [](const events::PepNodeChanged& event) {
            if (event.what != events::PepNodeChanged::What::published) return;
            for (const auto& item : event.items)
                published().push_back(event.by.full() + " " + item.id + " " + item.payload);
        });
}

std::vector<core::ModuleRow> modules() {
    return {
        {.name = "roster", .install = roster::install, .declare_options = roster::declare_options},
        {.name = "blocking",
         .install = blocking::install,
         .declare_options = blocking::declare_options},
        {.name = "disco", .install = disco::install},
        {.name = "mam", .install = mam::install, .declare_options = mam::declare_options},
        {.name = "carbons", .install = carbons::install},
        {.name = "wishes", .install = pubsub::install_wishes},
        {.name = "pubsub", .install = pubsub::install, .declare_options = pubsub::declare_options},
        {.name = "displayed_sync", .install = install},
        {.name = "witness", .install = install_witness}};
}

struct Devices {
    World world;
    Client* phone = nullptr;
    Client* laptop = nullptr;
    Client* juliet = nullptr;

    explicit Devices(std::string config = "")
        : world({.modules = modules(), .config = std::move(config)}) {
        published().clear();
        pubsub::wishes().clear();
        for (const char* jid : {"romeo@example.org", "juliet@example.net", "tybalt@example.org"})
            world.add_account(jid);
        world.befriend("romeo@example.org", "juliet@example.net");
        world.befriend("juliet@example.net", "romeo@example.org");
        phone = &world.log_in("romeo@example.org/phone");
        laptop = &world.log_in("romeo@example.org/laptop");
        juliet = &world.log_in("juliet@example.net/balcony");
        pubsub::wishes()["romeo@example.org/laptop"] = {std::string(ns::displayed_sync)};
        pubsub::wishes()["juliet@example.net/balcony"] = {std::string(ns::displayed_sync)};
        laptop->ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        forget();
    }
    void forget() {
        for (Client* client : {phone, laptop, juliet}) client->drop_all();
        world.remote().drop_all();
    }
    std::string config_of(std::string_view var) {
        const auto form = phone->ask(
            "<iq type='get' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>"
            "<configure node='urn:xmpp:mds:displayed:0'/></pubsub></iq>");
        const auto* pubsub = form.root().child(ns::pubsub_owner, "pubsub");
        if (!pubsub) return "none";
        const auto* x = pubsub->first_child()->child(ns::data_forms, "x");
        for (const xml::Element& field : x->children())
            if (field.attr("var") == var)
                return std::string(field.child_text(ns::data_forms, "value"));
        return "";
    }
    std::string items() {
        const auto answer = phone->ask(
            "<iq type='get' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
            "<items node='urn:xmpp:mds:displayed:0'/></pubsub></iq>");
        if (answer.root().attr("type") != "result") return pubsub::Scene::outcome(answer);
        std::string all;
        for (const auto& item : pubsub::read_items(
                 **Stanza::from_document(xml::parse_element(xml::to_string(answer.root())))))
            all += item.id + " ";
        return all;
    }
    std::string outcome(const xml::Document& answer) { return pubsub::Scene::outcome(answer); }
};

bool is_clean(const xml::Element& message) {
    return xml::to_string(message).find("mds") == std::string::npos;
}

TEST_CASE_FIXTURE(Devices, "displayed sync: the element is published and nobody sees it") {
    phone->send(message("juliet@example.net", std::string(marker) + displayed("one"),
                        "id='m' type='chat'"));
    CHECK(published() == std::vector<std::string>{"romeo@example.org/phone juliet@example.net " +
                                                  displayed("one")});
    const auto received = juliet->pop("message");
    CHECK(received.root().attr("id") == "m");
    CHECK(received.root().child(ns::chat_markers, "displayed"));
    CHECK(is_clean(received.root()));
    CHECK(juliet->pending() == 0);

    std::vector<std::string> at_laptop;
    while (laptop->pending() > 0) {
        const auto each = laptop->pop();
        const bool carbon = each.root().child(ns::carbons, "sent") != nullptr;
        if (carbon) CHECK(is_clean(each.root()));
        at_laptop.push_back(carbon ? "carbon" : "event");
    }
    std::sort(at_laptop.begin(), at_laptop.end());
    CHECK(at_laptop == std::vector<std::string>{"carbon", "event"});
}

TEST_CASE_FIXTURE(Devices, "displayed sync: what it makes is for the owner alone, and lasts") {
    phone->send(message("juliet@example.net", std::string(marker) + displayed("one")));
    CHECK(config_of("pubsub#access_model") == "whitelist");
    CHECK(config_of("pubsub#persist_items") == "1");
    CHECK(config_of("pubsub#max_items") == "max");
    CHECK(config_of("pubsub#send_last_published_item") == "never");
    phone->send(message("room@rooms.example.com/nurse", displayed("two"), "type='chat'"));
    phone->send(message("room@rooms.example.com", displayed("three"), "type='groupchat'"));
    CHECK(items() == "juliet@example.net room@rooms.example.com/nurse room@rooms.example.com ");
    for (int i = 0; i < 2; ++i) CHECK(is_clean(world.remote().pop()->root()));
    CHECK(juliet->pop("message").root().attr("type") == "");  // the message, and no event
    CHECK(juliet->pending() == 0);
}

TEST_CASE_FIXTURE(Devices, "displayed sync: the archive has none of it") {
    phone->send(message("juliet@example.net", "<body>x</body>" + displayed("one"), "type='chat'"));
    phone->drop_all();
    phone->ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
    const auto result = phone->pop("message");
    REQUIRE(result.root().child(ns::mam, "result"));
    CHECK(is_clean(result.root()));
}

TEST_CASE_FIXTURE(Devices, "displayed sync: only the account's own clients publish") {
    world.arrive(
        "<message from='juliet@example.com/balcony' to='romeo@example.org' type='chat'>"
        "<body>x</body>" +
        displayed("forged") + "</message>");
    CHECK(is_clean(phone->pop("message").root()));
    juliet->send(message("romeo@example.org", "<body>x</body>" + displayed("hers"), "type='chat'"));
    CHECK(is_clean(phone->pop("message").root()));
    CHECK(published() == std::vector<std::string>{"juliet@example.net/balcony romeo@example.org " +
                                                  displayed("hers")});
    CHECK(items() == "item-not-found");
}

TEST_CASE_FIXTURE(Devices, "displayed sync: no publication of what is no marker or goes nowhere") {
    phone->send(message("juliet@example.net",
                        "<displayed xmlns='urn:xmpp:mds:displayed:0'/>" + std::string(marker)));
    CHECK(is_clean(juliet->pop("message").root()));
    CHECK(outcome(phone->ask("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
                             "<item jid='juliet@example.net'/></block></iq>")) == "ok");
    phone->drop_all();
    phone->send(message("juliet@example.net", std::string(marker) + displayed("one"), "id='m'"));
    CHECK(phone->pop("message").root().attr("type") == "error");
    CHECK(published().empty());
}

TEST_CASE_FIXTURE(Devices, "displayed sync: a node that others may read gets nothing") {
    const auto publish = [&](std::string_view var, std::string_view value) {
        return pubsub::Scene::publish(*phone, "urn:xmpp:mds:displayed:0",
                                      pubsub::Scene::item("juliet@example.net"), var, value);
    };
    CHECK(publish("access_model", "open") == "ok");
    published().clear();
    phone->send(message("juliet@example.net", std::string(marker) + displayed("one")));
    CHECK(published().empty());
    CHECK(pubsub::Scene::configure(*phone, "urn:xmpp:mds:displayed:0", "access_model",
                                   "whitelist") == "ok");
    phone->send(message("juliet@example.net", std::string(marker) + displayed("two")));
    CHECK(published().size() == 1);  // its other settings are its owner's
    CHECK(config_of("pubsub#max_items") == "1");
}

TEST_CASE_FIXTURE(Devices, "displayed sync: a flood is few publications, and acknowledged late") {
    phone->session().enable_sm(true, 0);
    world.storage().hold_commits();
    for (int i = 1; i <= 100; ++i)
        phone->send_soon(
            message("juliet@example.net", std::string(marker) + displayed(std::to_string(i))));
    world.run_shards();
    CHECK(phone->session().handled_in() == 0);
    world.storage().release_commits();
    world.settle();
    CHECK(phone->session().handled_in() == 100);
    REQUIRE(published().size() == 2);
    CHECK(published().back().ends_with(displayed("100")));
    int received = 0;
    while (juliet->pending() > 0) received += juliet->pop().root().name() == "message" ? 1 : 0;
    CHECK(received == 100);
}

TEST_CASE("displayed sync: what cannot be published is not announced") {
    Devices scene("[host.\"example.org\".modules]\ndisabled = [\"pubsub\"]\n");
    const auto answer = scene.phone->ask(
        "<iq type='get' id='d' to='romeo@example.org'>"
        "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    CHECK(xml::to_string(answer.root()).find("server-assist") == std::string::npos);
}

TEST_CASE("displayed sync: a host without the module takes it out and does no more") {
    Devices scene("[host.\"example.org\".modules]\ndisabled = [\"displayed_sync\"]\n");
    scene.phone->send(message("juliet@example.net", std::string(marker) + displayed("one")));
    CHECK(is_clean(scene.juliet->pop("message").root()));
    CHECK(published().empty());
    const auto features = [](Client& client, std::string_view jid) {
        return xml::to_string(client
                                  .ask("<iq type='get' id='d' to='" + std::string(jid) +
                                       "'><query xmlns='http://jabber.org/protocol/disco#info'/>"
                                       "</iq>")
                                  .root());
    };
    const std::string feature = "'urn:xmpp:mds:server-assist:0'";
    CHECK(features(*scene.phone, "romeo@example.org").find(feature) == std::string::npos);
    CHECK(features(*scene.juliet, "juliet@example.net").find(feature) != std::string::npos);
}

}  // namespace
}  // namespace clarion::displayed_sync
