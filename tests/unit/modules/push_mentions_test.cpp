// Whether a message in a room speaks to somebody (modules/push/mentions.h).
#include "modules/push/mentions.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "proto/stanza.h"

namespace clarion::push {
namespace {

TEST_CASE("a nickname is a word of its own, in whatever case") {
    for (const auto* text : {"Jule", "jule: look", "hey @Jule!", "(JULE)", "no\nJule\nyes",
                             "Jule’s", "你好Jule你好", "Julenka and Jule", "«Jule»"}) {
        CAPTURE(text);
        CHECK(has_word(text, "Jule"));
    }
    for (const auto* text :
         {"", "Julenka", "xJule", "Jule1", "Jule_2", "Juleß", "éJule", "Jul e"}) {
        CAPTURE(text);
        CHECK_FALSE(has_word(text, "Jule"));
    }
    CHECK(has_word("hallo JÜRGEN!", "Jürgen"));
    CHECK(has_word("罗密欧在哪里", "罗密欧"));
    CHECK(has_word("the Lady Capulet, then", "lady capulet"));
    CHECK(has_word("look ^_^ there", "^_^"));
    CHECK_FALSE(has_word("anything", " "));
    CHECK_FALSE(has_word(std::string(9000, ' ') + "x " + std::string(9000, 'y') + " Jule", "Jule"));
}

struct Row {
    const char* what;
    std::string within;
    bool mentioned;
};

TEST_CASE("what speaks to somebody in a room") {
    const OwnPlace own{.account = "juliet@example.org",
                       .room = "room@muc.example.com",
                       .nicks = {"Jule", "Juliet C"},
                       .occupant_id = "o1"};
    const auto reference = [](const std::string& uri) {
        return "<reference xmlns='urn:xmpp:reference:0' type='mention' uri='" + uri + "'/>";
    };
    const auto mention = [](const std::string& attributes, const std::string& within = {}) {
        return "<mention xmlns='urn:xmpp:mentions:0' " + attributes + ">" + within + "</mention>";
    };
    const auto reply = [](const std::string& to) {
        return "<reply xmlns='urn:xmpp:reply:0' id='1' to='" + to + "'/>";
    };
    const std::string sealed = "<encrypted xmlns='eu.siacs.conversations.axolotl'/>";
    const std::vector<Row> rows{
        {"nothing", "", false},
        {"others", "<body>Nurse!</body>", false},
        {"the nickname", "<body>Jule?</body>", true},
        {"a former one", "<body>Where is Juliet C?</body>", true},
        {"in another language", "<body>x</body><body xml:lang='de'>Jule?</body>", true},
        {"the account", reference("xmpp:juliet@example.org"), true},
        {"the occupant", reference("xmpp:room@muc.example.com/Jule"), true},
        {"the occupant, escaped", reference("xmpp:room@muc.example.com/Juliet%20C"), true},
        {"another occupant", reference("xmpp:room@muc.example.com/Nurse"), false},
        {"the room", reference("xmpp:room@muc.example.com"), false},
        {"by occupant id", mention("occupantid='o1'"), true},
        {"by another's", mention("occupantid='o2'"), false},
        {"by address", mention("jid='juliet@example.org'"), true},
        {"all", mention("mentions='urn:xmpp:mentions:0#channel'"), true},
        {"all of that room",
         mention("mentions='urn:xmpp:mentions:0#channel' uri='xmpp:room@muc.example.com'"), true},
        {"all of another room",
         mention("mentions='urn:xmpp:mentions:0#channel' uri='xmpp:b@muc.example.com'"), false},
        {"moderators", mention("mentions='urn:xmpp:mentions:0#moderators'"), false},
        {"without noise", mention("occupantid='o1'", "<noping xmlns='urn:xmpp:mentions:0'/>"),
         false},
        {"who is active", mention("occupantid='o1'", "<active xmlns='urn:xmpp:mentions:0'/>"),
         false},
        {"a reply", "<body>yes</body>" + reply("room@muc.example.com/Jule"), true},
        {"a reply to another", "<body>yes</body>" + reply("room@muc.example.com/Nurse"), false},
        {"a reply elsewhere", "<body>yes</body>" + reply("b@muc.example.com/Jule"), false},
        {"encrypted, in the words for others", "<body>Jule, get a client</body>" + sealed, false},
        {"encrypted, as another method says",
         "<body>Jule</body><encryption xmlns='urn:xmpp:eme:0' namespace='x'/>", false},
        {"encrypted, a reply", sealed + reply("room@muc.example.com/Jule"), true},
        {"encrypted, a reference", sealed + reference("xmpp:juliet@example.org"), true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const auto document = xml::parse_element(
            "<message xmlns='jabber:client' type='groupchat'>" + row.within + "</message>",
            ns::client);
        REQUIRE_FALSE(document.empty());
        CHECK(is_mentioned(document.root(), own) == row.mentioned);
    }
}

TEST_CASE("who has no known nickname is mentioned by address") {
    const OwnPlace own{.account = "juliet@example.org", .room = "room@muc.example.com"};
    const auto document = xml::parse_element(
        "<message xmlns='jabber:client'><body>Jule</body><mention xmlns='urn:xmpp:mentions:0' "
        "occupantid=''/></message>",
        ns::client);
    CHECK_FALSE(is_mentioned(document.root(), own));
}

}  // namespace
}  // namespace clarion::push
