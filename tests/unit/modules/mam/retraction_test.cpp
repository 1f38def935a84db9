#include "modules/mam/retraction.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "proto/forward.h"
#include "proto/ns.h"
#include "tests/support/world.h"

namespace clarion::mam {
namespace {

constexpr const char* juliet = "juliet@example.org";
constexpr const char* romeo = "romeo@example.net";

std::shared_ptr<Stanza> message(const std::string& attributes, const std::string& content) {
    auto parsed = Stanza::from_document(
        xml::parse_element("<message " + attributes + ">" + content + "</message>", ns::client));
    REQUIRE(parsed.ok());
    return *std::move(parsed);
}

std::string retract(const std::string& id) {
    return "<retract xmlns='urn:xmpp:message-retract:1' id='" + id + "'/>";
}

const std::string x_of_room = "<x xmlns='http://jabber.org/protocol/muc#user'/>";

TEST_CASE("which messages retract another") {
    struct Case {
        std::string attributes, content;
        bool retracts;
    };
    const Case cases[] = {
        {"type='chat' id='r'", retract("m"), true},
        {"id='r'", retract("m") + "<body>fallback</body>", true},
        {"type='chat' id='r'", "<body>retract</body>", false},
        {"type='chat' id='r'", "<retract xmlns='urn:xmpp:message-retract:0' id='m'/>", false},
        {"type='chat' id='r'", "<retracted xmlns='urn:xmpp:message-retract:1' id='m'/>", false},
        {"type='chat' id='r'", retract(""), false},
        {"type='chat'", retract("m"), false},  // a tombstone could not name it
        {"type='groupchat' id='r'", retract("m"), false},
        {"type='headline' id='r'", retract("m"), false},
        {"type='error' id='r'", retract("m"), false},
        {"type='chat' id='r'", retract("m") + x_of_room, false},
        {"type='chat' id='r'",
         retract("m") + "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='o'/>", false},
        {"type='chat' id='r'",
         "<forwarded xmlns='urn:xmpp:forward:0'>" + retract("m") + "</forwarded>", false},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        const auto stanza = message(
            "from='romeo@example.net/orchard' to='juliet@example.org' " + c.attributes, c.content);
        const auto read = read_retraction(*stanza, stanza->to(), WallTime{});
        CHECK(read.has_value() == c.retracts);
        if (!read) continue;
        CHECK(read->target == "m");
        CHECK(read->id == "r");
        CHECK(read->author == romeo);
        CHECK(read->with == juliet);
    }
}

TEST_CASE("which stored message is meant") {
    const Retraction retraction{
        .target = "m", .id = "r", .author = romeo, .with = juliet, .at = WallTime{}};
    struct Case {
        std::string attributes, content;
        Found found;
    };
    const std::string from = "from='romeo@example.net/orchard' ";
    const std::string origin = "<origin-id xmlns='urn:xmpp:sid:0' id='m'/>";
    const Case cases[] = {
        {from + "type='chat' id='m'", "<body>hi</body>", Found::original},
        {from + "id='m'", "<body>hi</body>", Found::original},
        {"from='romeo@example.net/tomb' id='m'", "<body>hi</body>", Found::original},
        {"from='romeo@example.net' id='m'", "<body>hi</body>", Found::original},
        {from + "id='x'", "<body>hi</body>" + origin, Found::original},
        {from, "<body>hi</body>" + origin, Found::original},
        {from + "id='x'", "<body>m</body>", Found::other},
        {from + "id='mm'", "<body>hi</body>", Found::other},
        {"from='juliet@example.org/b' id='m'", "<body>hi</body>", Found::other},
        {"from='romeo@example.org/orchard' id='m'", "<body>hi</body>", Found::other},
        {"id='m'", "<body>hi</body>", Found::other},
        {from + "type='headline' id='m'", "<body>hi</body>", Found::other},
        {from + "id='m'", retract("n"), Found::other},  // retractions stay
        {from + "id='m'", "<retracted xmlns='urn:xmpp:message-retract:1' id='q'/>",
         Found::tombstone},
        {from + "id='m'", "<body>hi</body>" + x_of_room, Found::refused},
        {from + "id='x'",
         "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='m'/>"
         "</forwarded>",
         Found::other},
    };
    for (const Case& c : cases) {
        INFO(c.attributes, " ", c.content);
        CHECK(is_original(*message("to='juliet@example.org' " + c.attributes, c.content),
                          retraction) == c.found);
    }
}

TEST_CASE("a tombstone says who, to whom, which and since when, and nothing else") {
    const Retraction retraction{.target = "m",
                                .id = "r&",
                                .author = romeo,
                                .with = juliet,
                                .at = *parse_datetime("2019-09-20T23:09:32Z")};
    const auto original = message(
        "from='romeo@example.net/o' to='juliet@example.org' type='chat' id='m' xml:lang='it'",
        "<body>secret</body><thread>secret</thread><subject>secret</subject>"
        "<store xmlns='urn:xmpp:hints'/>");
    CHECK(make_tombstone(*original, retraction) ==
          "<message xmlns='jabber:client' from='romeo@example.net/o' to='juliet@example.org' "
          "id='m' type='chat'><retracted xmlns='urn:xmpp:message-retract:1' id='r&amp;' "
          "stamp='2019-09-20T23:09:32Z'/></message>");
}

// ---- In a server -------------------------------------------------------------------------------

struct Scene {
    test::World world;
    explicit Scene(std::string config = {})
        : world({.modules = {{"mam", install, declare_options, "", ""},
                             {"offline", offline::install, offline::declare_options, "", ""}},
                 .config = std::move(config)}) {
        for (const char* jid : {juliet, romeo, "nurse@example.org"}) world.add_account(jid);
    }

    void send(const std::string& from, const std::string& to, const std::string& id,
              const std::string& content) {
        test::Client& client = world.connect(from + "/x");
        client.send("<message type='chat' to='" + to + "' id='" + id + "'>" + content +
                    "</message>");
        client.close();
        world.advance(std::chrono::seconds(1));
    }
    void say(const std::string& from, const std::string& to, const std::string& id) {
        send(from, to, id, "<body>" + id + "</body>");
    }
    /// Bodies; "+id" for retractions, "-id" for tombstones by that retraction.
    std::string archive_of(const std::string& jid) {
        test::Client& client = world.connect(jid + "/reader");
        client.drop_all();
        client.ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        std::string text;
        while (client.pending() > 0) {
            const auto wrapper = client.pop();
            const xml::Element* copy = find_forwarded(*wrapper.root().child(ns::mam, "result"));
            REQUIRE(copy);
            text += summary(*copy) + " ";
        }
        client.close();
        return text;
    }
    static std::string summary(const xml::Element& message) {
        if (const auto* tombstone = message.child(ns::retract, "retracted")) {
            CHECK(message.child(ns::client, "body") == nullptr);
            return "-" + std::string(tombstone->attr("id"));
        }
        if (message.child(ns::retract, "retract")) return "+" + std::string(message.attr("id"));
        return std::string(message.child_text(ns::client, "body"));
    }
};

TEST_CASE("both archives show the tombstone, and the retraction") {
    Scene scene;
    scene.say(romeo, juliet, "one");
    scene.say(romeo, juliet, "two");
    scene.say(juliet, romeo, "one");
    scene.send(romeo, juliet, "r", retract("one"));
    CHECK(scene.archive_of(romeo) == "-r two one +r ");
    CHECK(scene.archive_of(juliet) == "-r two one +r ");
    scene.send(romeo, juliet, "again", retract("one"));
    CHECK(scene.archive_of(juliet) == "-r two one +r +again ");
}

TEST_CASE("nobody retracts what another wrote, nor in another conversation") {
    Scene scene;
    scene.say(romeo, juliet, "one");
    scene.say(romeo, "nurse@example.org", "two");
    scene.send(juliet, romeo, "r1", retract("one"));
    scene.send("nurse@example.org", juliet, "r2", retract("one"));
    scene.send(romeo, juliet, "r3", retract("two"));
    CHECK(scene.archive_of(romeo) == "one two +r1 +r3 ");
    CHECK(scene.archive_of(juliet) == "one +r1 +r2 +r3 ");
}

TEST_CASE("a contact elsewhere retracts in our archive, and we in ours") {
    Scene scene;
    const auto arrive = [&](const std::string& from, const std::string& id,
                            const std::string& content) {
        scene.world.arrive("<message type='chat' from='" + from + "' to='juliet@example.org' id='" +
                           id + "'>" + content + "</message>");
        scene.world.advance(std::chrono::seconds(1));
    };
    arrive("tybalt@remote.example/a", "one", "<body>one</body>");
    scene.say(juliet, "tybalt@remote.example", "two");
    arrive("mercutio@remote.example/a", "r1", retract("one"));
    CHECK(scene.archive_of(juliet) == "one two +r1 ");
    arrive("tybalt@remote.example/b", "r2", retract("one"));
    scene.send(juliet, "tybalt@remote.example", "r3", retract("two"));
    CHECK(scene.archive_of(juliet) == "-r2 -r3 +r1 +r2 +r3 ");
}

TEST_CASE("a note to oneself is retracted too") {
    Scene scene;
    scene.say(juliet, juliet, "note");
    scene.send(juliet, juliet, "r", retract("note"));
    CHECK(scene.archive_of(juliet) == "-r +r ");
}

TEST_CASE("no further back than the option says") {
    Scene scene(
        "[mam]\nretraction_depth = 4\n[host.\"example.net\".mam]\n"
        "retraction_depth = 4\n");
    for (const char* id : {"one", "two", "three"}) scene.say(romeo, juliet, id);
    for (const char* who : {romeo, juliet}) scene.say(who, "nurse@example.org", "other");
    scene.send(romeo, juliet, "r1", retract("one"));  // the fourth before it
    scene.send(romeo, juliet, "r2", retract("three"));
    CHECK(scene.archive_of(juliet) == "one two -r2 other +r1 +r2 ");
}

TEST_CASE("others who use the same id are passed over, if they are few") {
    for (const bool few : {true, false}) {
        Scene scene;
        scene.say(romeo, juliet, "one");
        std::string others;
        for (int n = 0; n < (few ? 9 : 10); ++n) {
            scene.say(juliet, romeo, "one");
            others += "one ";
        }
        scene.send(romeo, juliet, "r", retract("one"));
        CHECK(scene.archive_of(romeo) == (few ? "-r " : "one ") + others + "+r ");
    }
}

TEST_CASE("a message is found by its <origin-id/>") {
    Scene scene;
    scene.send(romeo, juliet, "id",
               "<body>one</body><origin-id xmlns='urn:xmpp:sid:0' id='origin'/>");
    scene.say(romeo, juliet, "two");
    scene.send(romeo, juliet, "r", retract("origin"));
    CHECK(scene.archive_of(juliet) == "-r two +r ");
}

TEST_CASE("a message and its retraction in one turn, and many at once") {
    constexpr int most = 5;
    Scene scene("[mam]\nmax_retractions = 5\n");
    test::Client& client = scene.world.connect("romeo@example.net/x");
    for (int n = 0; n <= most; ++n)
        client.send_soon("<message type='chat' to='juliet@example.org' id='m" + std::to_string(n) +
                         "'><body>m" + std::to_string(n) + "</body></message>");
    for (int n = 0; n <= most; ++n)
        client.send_soon("<message type='chat' to='juliet@example.org' id='r" + std::to_string(n) +
                         "'>" + retract("m" + std::to_string(n)) + "</message>");
    scene.world.settle();
    client.close();
    std::string expected;
    for (int n = 0; n < most; ++n) expected += "-r" + std::to_string(n) + " ";
    expected += "m" + std::to_string(most) + " ";  // one too many
    for (int n = 0; n <= most; ++n) expected += "+r" + std::to_string(n) + " ";
    CHECK(scene.archive_of(romeo) == expected);
}

TEST_CASE("what waits offline is delivered as a tombstone, which a client can ignore") {
    Scene scene;
    scene.say(romeo, juliet, "one");
    scene.send(romeo, juliet, "r", retract("one"));
    test::Client& client = scene.world.connect("juliet@example.org/balcony");
    client.send("<presence/>");
    const auto first = client.pop("message");
    CHECK(Scene::summary(first.root()) == "-r");
    CHECK(first.root().child(ns::stanza_id, "stanza-id") != nullptr);
    CHECK(Scene::summary(client.pop("message").root()) == "+r");
}

}  // namespace
}  // namespace clarion::mam
