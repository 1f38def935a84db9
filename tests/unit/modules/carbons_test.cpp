#include "modules/carbons.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/blocking/blocking.h"
#include "modules/mam/mam.h"
#include "proto/forward.h"
#include "proto/ns.h"
#include "server/core/events/message_events.h"
#include "server/core/events/session_events.h"
#include "tests/support/world.h"

namespace clarion::carbons {
namespace {

std::shared_ptr<Stanza> message(const std::string& xml) {
    auto parsed = Stanza::from_document(xml::parse_element(xml, ns::client));
    REQUIRE(parsed.ok());
    return *std::move(parsed);
}

std::shared_ptr<Stanza> message(const std::string& attributes, const std::string& content) {
    return message("<message from='romeo@example.net/orchard' to='juliet@example.org/balcony' " +
                   attributes + ">" + content + "</message>");
}

TEST_CASE("the rules of section 6.1") {
    struct Case {
        const char* attributes;
        const char* content;
        bool sent, received;
    };
    const Case cases[] = {
        {"type='chat'", "<body>hi</body>", true, true},
        {"type='chat'", "", true, true},
        {"type='chat'", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", true, true},
        {"", "<body>hi</body>", true, true},
        {"", "<event xmlns='http://jabber.org/protocol/pubsub#event'/>", false, false},
        {"", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true},
        {"", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true, true},
        {"type='headline'", "<body>hi</body>", false, false},
        {"type='groupchat'", "<body>hi</body>", false, false},
        {"type='chat'", "<body>hi</body><private xmlns='urn:xmpp:carbons:2'/>", false, false},
        {"type='chat'", "<body>hi</body><no-copy xmlns='urn:xmpp:hints'/>", false, false},
        {"", "<x xmlns='jabber:x:conference' jid='room@muc.example.net'/>", true, true},
        {"", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@example.net'/></x>",
         true, true},
        // A private message of an occupant: the room sends it to every joined client itself.
        {"type='chat'", "<body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/>", true,
         false},
        // The same whatever its type, as it may be encrypted.
        {"", "<e xmlns='urn:x'/><x xmlns='http://jabber.org/protocol/muc#user'/>", true, false},
        {"type='groupchat'", "<x xmlns='http://jabber.org/protocol/muc#user'/>", false, false},
        {"type='chat'",
         "<x xmlns='http://jabber.org/protocol/muc#user'/><private xmlns='urn:xmpp:carbons:2'/>",
         false, false},
        // What is typically used in IM, whatever its type (but group chat).
        {"type='headline'", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true},
        {"type='groupchat'", "<received xmlns='urn:xmpp:receipts' id='1'/>", false, false},
        {"", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", true, true},
        {"type='headline'", "", false, false},
        {"", "<subject>s</subject>", false, false},
        {"", "<encrypted xmlns='urn:xmpp:omemo:2'/>", false, false},
        // A wrapper from somebody else is a message like any other.
        {"type='chat'", "<received xmlns='urn:xmpp:carbons:2'/>", true, true},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        const auto stanza = message(c.attributes, c.content);
        CHECK(should_copy(*stanza, Direction::sent).copy == c.sent);
        CHECK(should_copy(*stanza, Direction::received).copy == c.received);
    }
}

TEST_CASE("what a room itself says is no private message of an occupant") {
    const auto notice = message(
        "<message from='room@muc.example.net' to='juliet@example.org/balcony'><body>welcome</body>"
        "<x xmlns='http://jabber.org/protocol/muc#user'/></message>");
    CHECK(should_copy(*notice, Direction::received).copy);
}

TEST_CASE("an error is copied when what it answers was") {
    const auto error = message("type='error' id='1'", "<error type='cancel'/>");
    CHECK_FALSE(should_copy(*error, Direction::received, false).copy);
    CHECK(should_copy(*error, Direction::received, true).copy);
}

TEST_CASE("the newest conversations are remembered") {
    CopiedMessages copied;
    copied.remember("romeo@example.net", "");
    CHECK_FALSE(copied.knows("romeo@example.net", ""));
    copied.remember("romeo@example.net", "1");
    CHECK(copied.knows("romeo@example.net", "1"));
    CHECK_FALSE(copied.knows("tybalt@example.net", "1"));
    for (int i = 0; i < 64; ++i) copied.remember("nurse@example.net", std::to_string(i));
    CHECK_FALSE(copied.knows("romeo@example.net", "1"));
    CHECK(copied.knows("nurse@example.net", "63"));
}

// ---- In a server -------------------------------------------------------------------------------

struct Scene {
    test::World world;
    test::Client* balcony;
    test::Client* chamber;

    explicit Scene(std::vector<core::ModuleRow> modules = {{"carbons", install, nullptr, "", ""}})
        : world({.modules = std::move(modules)}) {
        world.add_account("juliet@example.org");
        world.add_account("romeo@example.net");
        world.log_in("romeo@example.net/orchard");
        balcony = &world.log_in("juliet@example.org/balcony");
        chamber = &world.log_in("juliet@example.org/chamber");
        balcony->drop_all();
    }
    void enable(test::Client& client) {
        const auto answer =
            client.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
        REQUIRE(answer.root().attr("type") == "result");
    }
    /// The message inside the next carbon of this kind; nullptr if the next message is none.
    static const xml::Element* inside(const xml::Document& carbon, std::string_view kind) {
        const xml::Element* wrapper = carbon.root().child(ns::carbons, kind);
        return wrapper ? find_forwarded(*wrapper) : nullptr;
    }
};

TEST_CASE("what one device sends, the others see") {
    Scene scene;
    scene.enable(*scene.chamber);
    scene.balcony->send(
        "<message to='romeo@example.net' type='chat' id='m1'><body>hi</body></message>");
    const auto carbon = scene.chamber->pop("message");
    CHECK(carbon.root().attr("from") == "juliet@example.org");
    CHECK(carbon.root().attr("to") == "juliet@example.org/chamber");
    CHECK(carbon.root().attr("type") == "chat");
    const xml::Element* copy = Scene::inside(carbon, "sent");
    REQUIRE(copy);
    CHECK(copy->attr("from") == "juliet@example.org/balcony");
    CHECK(copy->attr("to") == "romeo@example.net");
    CHECK(copy->child_text(ns::client, "body") == "hi");
    CHECK(scene.balcony->pop("message").root().name() == "nothing");
}

TEST_CASE("what one device gets, the others see; without enabling, nothing") {
    Scene scene;
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org/balcony' "
        "type='chat'><body>1</body></message>");
    CHECK(scene.chamber->pending() == 0);
    scene.enable(*scene.chamber);
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org/balcony' "
        "type='chat'><body>2</body></message>");
    const auto carbon = scene.chamber->pop("message");
    const xml::Element* copy = Scene::inside(carbon, "received");
    REQUIRE(copy);
    CHECK(copy->attr("to") == "juliet@example.org/balcony");
    CHECK(copy->child_text(ns::client, "body") == "2");
    CHECK(scene.chamber->pending() == 0);

    scene.chamber->ask("<iq type='set' id='d'><disable xmlns='urn:xmpp:carbons:2'/></iq>");
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org/balcony' "
        "type='chat'><body>3</body></message>");
    CHECK(scene.chamber->pending() == 0);
}

TEST_CASE("who gets the message itself gets no copy") {
    Scene scene;
    scene.enable(*scene.balcony);
    scene.enable(*scene.chamber);
    test::Client& silent = scene.world.connect("juliet@example.org/silent");
    scene.enable(silent);
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org' "
        "type='chat'><body>hi</body></message>");
    for (test::Client* client : {scene.balcony, scene.chamber}) {
        CHECK(client->pop("message").root().child_text(ns::client, "body") == "hi");
        CHECK(client->pending() == 0);
    }
    CHECK(Scene::inside(silent.pop("message"), "received") != nullptr);
}

TEST_CASE("a message to oneself is there once") {
    Scene scene;
    scene.enable(*scene.balcony);
    scene.enable(*scene.chamber);
    scene.balcony->send("<message to='juliet@example.org' type='chat'><body>note</body></message>");
    for (test::Client* client : {scene.balcony, scene.chamber}) {
        CHECK(client->pop("message").root().child_text(ns::client, "body") == "note");
        CHECK(client->pop("message").root().name() == "nothing");
    }
}

TEST_CASE("the error for a message that was copied is copied") {
    Scene scene;
    scene.enable(*scene.chamber);
    scene.balcony->send(
        "<message to='tybalt@example.com' type='chat' id='m1'><body>hi</body></message>");
    scene.chamber->drop_all();
    scene.world.arrive(
        "<message from='tybalt@example.com' to='juliet@example.org/balcony' type='error' id='m2'>"
        "<error type='cancel'><gone "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    CHECK(scene.chamber->pending() == 0);
    scene.world.arrive(
        "<message from='tybalt@example.com' to='juliet@example.org/balcony' type='error' id='m1'>"
        "<error type='cancel'><gone "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    CHECK(Scene::inside(scene.chamber->pop("message"), "received") != nullptr);
}

TEST_CASE("a private message in a room: copies for those who joined under the same nickname") {
    Scene scene;
    test::Client& desk = scene.world.log_in("juliet@example.org/desk");
    test::Client& silent = scene.world.log_in("juliet@example.org/silent");
    for (test::Client* client : {scene.balcony, scene.chamber, &desk, &silent}) {
        scene.enable(*client);
        client->drop_all();
    }
    const std::string join = "<x xmlns='http://jabber.org/protocol/muc'/></presence>";
    scene.balcony->send("<presence to='room@muc.example.com/old'>" + join);
    scene.balcony->send("<presence to='room@muc.example.com/jule'>" + join);
    scene.chamber->send("<presence to='room@muc.example.com/jule'>" + join);
    desk.send("<presence to='room@muc.example.com/other'>" + join);
    const std::string text = "type='chat'><body>psst</body>";
    const std::string mark = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
    scene.balcony->send("<message to='room@muc.example.com/romeo' " + text + mark + "</message>");
    CHECK(Scene::inside(scene.chamber->pop("message"), "sent") != nullptr);
    CHECK(desk.pending() == 0);
    CHECK(silent.pending() == 0);
    // The room sends what comes back to each of them.
    scene.world.arrive(
        "<message from='room@muc.example.com/romeo' to='juliet@example.org/balcony' " + text +
        mark + "</message>");
    for (test::Client* client : {scene.chamber, &desk, &silent}) CHECK(client->pending() == 0);
    // Without the mark, or without having joined, nobody can tell it from a contact's.
    scene.balcony->send("<message to='room@muc.example.com/romeo' " + text + "</message>");
    silent.send("<message to='room@muc.example.com/romeo' " + text + mark + "</message>");
    CHECK(Scene::inside(desk.pop("message"), "sent") != nullptr);
    CHECK(Scene::inside(desk.pop("message"), "sent") != nullptr);
    CHECK(Scene::inside(silent.pop("message"), "sent") != nullptr);
}

TEST_CASE("who is hibernating, unavailable or of negative priority gets copies") {
    Scene scene;
    test::Client& silent = scene.world.connect("juliet@example.org/silent");
    test::Client& negative = scene.world.connect("juliet@example.org/negative");
    negative.send("<presence><priority>-1</priority></presence>");
    core::Session& sleeping = scene.chamber->session();
    sleeping.enable_sm(true, 0);
    for (test::Client* client : {scene.chamber, &silent, &negative}) {
        scene.enable(*client);
        client->drop_all();
    }
    scene.chamber->cut();
    REQUIRE(sleeping.is_hibernating());
    const auto queued = sleeping.hibernation().queued();
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org/balcony' "
        "type='chat'><body>1</body></message>");
    scene.balcony->send("<message to='romeo@example.net' type='chat'><body>2</body></message>");
    for (test::Client* client : {&silent, &negative}) {
        CHECK(Scene::inside(client->pop("message"), "received") != nullptr);
        CHECK(Scene::inside(client->pop("message"), "sent") != nullptr);
    }
    CHECK(sleeping.hibernation().queued() == queued + 2);
    // To the account: who has no negative priority is sent the message itself.
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org' "
        "type='chat'><body>3</body></message>");
    CHECK(Scene::inside(negative.pop("message"), "received") != nullptr);
    CHECK(sleeping.hibernation().queued() == queued + 3);
}

TEST_CASE("a message to a resource that is gone is there once") {
    Scene scene;
    scene.enable(*scene.balcony);
    scene.enable(*scene.chamber);
    scene.world.arrive(
        "<message from='romeo@example.net/o' to='juliet@example.org/gone' "
        "type='chat'><body>hi</body></message>");
    for (test::Client* client : {scene.balcony, scene.chamber}) {
        CHECK(client->pop("message").root().child_text(ns::client, "body") == "hi");
        CHECK(client->pending() == 0);
    }
}

TEST_CASE("an error that a client returns for a copy goes nowhere") {
    Scene scene;
    scene.enable(*scene.chamber);
    test::Client& romeo = scene.world.log_in("romeo@example.net/orchard");
    romeo.drop_all();
    romeo.send(
        "<message to='juliet@example.org/balcony' type='chat' id='m'><body>hi</body></message>");
    REQUIRE(Scene::inside(scene.chamber->pop("message"), "received") != nullptr);
    scene.balcony->drop_all();
    scene.chamber->send(
        "<message to='juliet@example.org' type='error' id='m'><error type='cancel'>"
        "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    CHECK(romeo.pending() == 0);
    CHECK(scene.balcony->pending() == 0);
}

// ---- With other modules ------------------------------------------------------------------------

void stop_tybalt(core::ModuleSetup& setup) {
    using Sending = events::MessageSending;
    using Receiving = events::MessageReceiving;
    setup.on<Sending>(Sending::Stage::screen, [](Sending& event) {
        const bool his = event.envelope.stanza->to().bare() == "tybalt@example.com";
        return his ? core::Flow::stop : core::Flow::next;
    });
    setup.on<Receiving>(Receiving::Stage::screen, [](Receiving& event) {
        const bool his = event.envelope.stanza->from().bare() == "tybalt@example.com";
        return his ? core::Flow::stop : core::Flow::next;
    });
}

TEST_CASE("no copy of what is stopped before") {
    Scene scene({{"carbons", install, nullptr, "", ""}, {"screen", stop_tybalt, nullptr, "", ""}});
    scene.enable(*scene.chamber);
    scene.balcony->send("<message to='tybalt@example.com' type='chat'><body>out</body></message>");
    scene.world.arrive(
        "<message from='tybalt@example.com/s' to='juliet@example.org/balcony' "
        "type='chat'><body>in</body></message>");
    CHECK(scene.chamber->pending() == 0);
    CHECK(scene.balcony->pending() == 0);
}

TEST_CASE("no copy of what blocking stops, either way") {
    Scene scene({{"blocking", blocking::install, blocking::declare_options, "", ""},
                 {"carbons", install, nullptr, "", ""}});
    scene.enable(*scene.chamber);
    const auto blocked = scene.balcony->ask(
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
        "<item jid='tybalt@example.com'/></block></iq>");
    REQUIRE(blocked.root().attr("type") == "result");
    scene.chamber->drop_all();
    scene.balcony->send(
        "<message to='tybalt@example.com' type='chat' id='m'><body>out</body></message>");
    scene.world.arrive(
        "<message from='tybalt@example.com/s' to='juliet@example.org/balcony' "
        "type='chat'><body>in</body></message>");
    CHECK(scene.chamber->pending() == 0);
    CHECK(scene.balcony->pop("message").root().attr("type") == "error");
    CHECK(scene.balcony->pop("message").root().name() == "nothing");
}

/// The owner's id in a message or in the one inside the carbon; 0: none, or more than one.
std::uint64_t archive_id(const xml::Document& received, core::ArchiveIds ids) {
    const xml::Element* message = &received.root();
    for (const auto* kind : {"sent", "received"})
        if (const xml::Element* copy = Scene::inside(received, kind)) message = copy;
    std::uint64_t id = 0;
    for (const xml::Element& child : message->children()) {
        if (!child.is(ns::stanza_id, "stanza-id") || child.attr("by") != "juliet@example.org")
            continue;
        if (id != 0) return 0;
        id = static_cast<std::uint64_t>(
            ids.parse(child.attr("id")).value_or(storage::ArchiveId::none));
    }
    return id;
}

TEST_CASE("originals and copies come in the order of the archive, and say where they are in it") {
    Scene scene({{"mam", mam::install, mam::declare_options, "", ""},
                 {"carbons", install, nullptr, "", ""}});
    scene.enable(*scene.chamber);
    scene.chamber->drop_all();
    const auto receive = [&](const std::string& to) {
        scene.world.arrive("<message from='romeo@example.com/o' to='" + to +
                           "' type='chat'><body>in</body><stanza-id xmlns='urn:xmpp:sid:0' "
                           "by='juliet@example.org' id='1'/></message>");
    };
    for (int round = 0; round < 5; ++round) {
        scene.balcony->send_soon(
            "<message to='romeo@example.com' type='chat'><body>out</body></message>");
        receive("juliet@example.org/balcony");
        receive("juliet@example.org/chamber");
        receive("juliet@example.org");
        scene.balcony->send(
            "<message to='romeo@example.com' type='chat'><body>out</body>"
            "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='1'/>"
            "</message>");
    }
    CHECK(scene.chamber->pending() == 25);
    const core::Account& juliet = scene.world.account("juliet@example.org");
    const core::ArchiveIds ids = juliet.context().archive_ids(juliet.id());
    std::uint64_t last = 0;
    while (scene.chamber->pending() > 0) {
        const std::uint64_t id = archive_id(scene.chamber->pop(), ids);
        CHECK(id > last);
        last = id;
    }
}

TEST_CASE("nobody enables it for somebody else") {
    Scene scene;
    test::Client& romeo = scene.world.log_in("romeo@example.net/orchard");
    const auto answer = romeo.ask(
        "<iq type='set' id='1' to='juliet@example.org'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    CHECK(answer.root().attr("type") == "error");
}

TEST_CASE("a hibernating session keeps it, over a restart of its account too") {
    Scene scene;
    scene.enable(*scene.chamber);
    core::Session& session = scene.chamber->session();
    storage::HibernatingSession record;
    scene.world.at("juliet@example.org", [&](core::Context& core) {
        core.bus().fire(events::SessionRecording{session, record});
    });
    REQUIRE(record.parts.size() == 1);
    scene.world.at("juliet@example.org", [&](core::Context& core) {
        core.bus().fire(events::SessionRestored{scene.balcony->session(), record});
    });
    scene.chamber->send("<message to='romeo@example.net' type='chat'><body>hi</body></message>");
    CHECK(Scene::inside(scene.balcony->pop("message"), "sent") != nullptr);
}

}  // namespace
}  // namespace clarion::carbons
