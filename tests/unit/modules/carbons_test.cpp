#include "modules/carbons.h"

#include <doctest/doctest.h>

#include "proto/forward.h"
#include "proto/ns.h"
#include "server/events/session.h"
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
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        const auto stanza = message(c.attributes, c.content);
        CHECK(should_copy(*stanza, Direction::sent).copy == c.sent);
        CHECK(should_copy(*stanza, Direction::received).copy == c.received);
    }
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
    test::World world{{.modules = {{"carbons", install, nullptr, "", ""}}}};
    test::Client* balcony;
    test::Client* chamber;

    Scene() {
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

TEST_CASE("nobody enables it for somebody else") {
    Scene scene;
    test::Client& romeo = scene.world.log_in("romeo@example.net/orchard");
    const auto answer = romeo.ask(
        "<iq type='set' id='1' to='juliet@example.org'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    CHECK(answer.root().attr("type") == "error");
}

TEST_CASE("a sleeping session keeps it, over a restart of its account too") {
    Scene scene;
    scene.enable(*scene.chamber);
    core::Session& session = scene.chamber->session();
    storage::SleepingSession record;
    scene.world.at("juliet@example.org", [&](core::Core& core) {
        core.bus().fire(events::SessionRecording{session, record});
    });
    REQUIRE(record.parts.size() == 1);
    scene.world.at("juliet@example.org", [&](core::Core& core) {
        core.bus().fire(events::SessionRestored{scene.balcony->session(), record});
    });
    scene.chamber->send("<message to='romeo@example.net' type='chat'><body>hi</body></message>");
    CHECK(Scene::inside(scene.balcony->pop("message"), "sent") != nullptr);
}

}  // namespace
}  // namespace clarion::carbons
