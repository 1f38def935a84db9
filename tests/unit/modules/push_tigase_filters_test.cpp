// What a registration does not want to hear of (modules/push/tigase/filters.h).
#include "modules/push/tigase/filters.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"

namespace clarion::push::tigase {
namespace {

constexpr std::string_view own = "juliet@example.org";

std::shared_ptr<Stanza> stanza(const std::string& text) {
    auto parsed = Stanza::from_document(xml::parse_element(text, ns::client));
    REQUIRE(parsed.ok());
    return std::move(*parsed);
}
std::string message(const std::string& from, const std::string& content,
                    const std::string& type = "chat") {
    return "<message xmlns='jabber:client' from='" + from + "' to='juliet@example.org' type='" +
           type + "'>" + content + "</message>";
}
std::string said(const std::string& body, const std::string& more = "") {
    return message("room@muc.example.com/Nurse", "<body>" + body + "</body>" + more, "groupchat");
}
std::string carbon(const std::string& side, const std::string& inner) {
    return message("juliet@example.org", "<" + side +
                                             " xmlns='urn:xmpp:carbons:2'><forwarded "
                                             "xmlns='urn:xmpp:forward:0'>" +
                                             inner + "</forwarded></" + side + ">");
}
std::string mention(const std::string& uri, const std::string& type = "mention") {
    return "<reference xmlns='urn:xmpp:reference:0' type='" + type + "' uri='" + uri + "'/>";
}

xml::Document enable(const std::string& content) {
    auto document = xml::parse_element("<enable xmlns='urn:xmpp:push:0'>" + content + "</enable>");
    REQUIRE_FALSE(document.empty());
    return document;
}
const std::string unknown = "<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>";
std::string muted(const std::string& jid) {
    return "<muted xmlns='tigase:push:filter:muted:0'><item jid='other@example.com'/><item jid='" +
           jid + "'/></muted>";
}
std::string rooms(const std::string& attributes) {
    return "<groupchat xmlns='tigase:push:filter:groupchat:0'><room jid='other@muc.example.com' "
           "allow='always'/><room " +
           attributes + "/></groupchat>";
}
const std::string jid = "jid='room@muc.example.com' ";

TEST_CASE("filters: by sender and kind of stanza") {
    struct Row {
        const char* what;
        std::string asked, stanza;
        bool in_roster;
        Filtered filtered;
    };
    const std::string hi = "<body>hi</body>";
    const std::string romeo = message("romeo@example.com/orchard", hi);
    const std::string call =
        message("romeo@example.com/orchard", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>");
    const std::string mine = message("juliet@example.org/laptop", hi);
    const auto no = Filtered::no;
    const std::vector<Row> rows{
        {"nothing asked", "", romeo, false, no},
        {"a stranger", unknown, romeo, false, Filtered::unknown_sender},
        {"a stranger's call", unknown, call, false, Filtered::unknown_sender},
        {"a contact", unknown, romeo, true, no},
        {"a room is no stranger", unknown, said("hi"), false, no},
        {"oneself is no stranger", unknown, mine, false, no},
        {"a carbon of a stranger's message", unknown, carbon("received", romeo), false,
         Filtered::unknown_sender},
        {"a carbon of an own message", unknown, carbon("sent", mine), false, no},
        {"a stranger's presence", unknown,
         "<presence from='romeo@example.com/orchard' to='juliet@example.org'/>", false,
         Filtered::unknown_sender},
        {"muted", muted("romeo@example.com"), romeo, true, Filtered::muted},
        {"muted, as a full address", muted("romeo@example.com/x"), romeo, true, Filtered::muted},
        {"muted, written otherwise", muted("Romeo@EXAMPLE.com"), romeo, true, Filtered::muted},
        {"somebody else is muted", muted("paris@example.com"), romeo, true, no},
        {"a muted room", muted("room@muc.example.com"), said("hi"), true, Filtered::muted},
        {"a carbon of what is muted", muted("romeo@example.com"), carbon("received", romeo), true,
         Filtered::muted},
        {"the account itself cannot be muted", muted("juliet@example.org"), mine, true, no},
        {"a muted caller", muted("romeo@example.com"), call, true, Filtered::muted},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const auto document = enable(row.asked);
        CHECK(filter(document.root(), *stanza(row.stanza), own, row.in_roster) == row.filtered);
    }
}

TEST_CASE("filters: rooms") {
    struct Row {
        const char* what;
        std::string room, stanza;
        Filtered filtered;
    };
    const std::string mentioned = jid + "allow='mentioned' nick='Jule &lt;3'";
    const std::string plain = jid + "allow='mentioned' nick='Jule'";
    const auto no = Filtered::no;
    const std::vector<Row> rows{
        {"always", jid + "allow='always'", said("hi"), no},
        {"never", jid + "allow='never'", said("Jule"), Filtered::room_not_allowed},
        {"not listed", "jid='third@muc.example.com' allow='always'", said("hi"),
         Filtered::room_not_allowed},
        {"written otherwise", "jid='ROOM@muc.example.com' allow='always'", said("hi"), no},
        {"not mentioned", plain, said("hi"), Filtered::not_mentioned},
        {"no body", plain,
         message("room@muc.example.com/Nurse", "<subject>x</subject>", "groupchat"),
         Filtered::not_mentioned},
        {"mentioned", plain, said("hi Jule!"), no},
        {"mentioned in other letters", plain, said("hi JULE!"), Filtered::not_mentioned},
        {"a nick with special characters", mentioned, said("hi Jule &lt;3"), no},
        {"a reference to the account", plain, said("hi", mention("xmpp:juliet@example.org")), no},
        {"a reference to the occupant", plain,
         said("hi", mention("xmpp:room@muc.example.com/Jule")), no},
        {"a reference in URI form", mentioned,
         said("hi", mention("xmpp:room@muc.example.com/Jule%20%3C3")), no},
        {"a reference to somebody else", plain, said("hi", mention("xmpp:romeo@example.com")),
         Filtered::not_mentioned},
        {"a reference to an occupant elsewhere", plain,
         said("hi", mention("xmpp:third@muc.example.com/Jule")), Filtered::not_mentioned},
        {"data is no mention", plain, said("hi", mention("xmpp:juliet@example.org", "data")),
         Filtered::not_mentioned},
        {"a carbon counts by what it carries", jid + "allow='never'",
         carbon("received", said("hi")), Filtered::room_not_allowed},
        {"a private message is not group chat", jid + "allow='never'",
         message("room@muc.example.com/Nurse", "<body>psst</body>"), no},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const auto document = enable(rooms(row.room));
        CHECK(filter(document.root(), *stanza(row.stanza), own, true) == row.filtered);
    }
    const auto none = enable("<groupchat xmlns='tigase:push:filter:groupchat:0'/>");
    CHECK(filter(none.root(), *stanza(said("hi")), own, true) == Filtered::room_not_allowed);
    CHECK(filter(enable("").root(), *stanza(said("hi")), own, true) == no);
}

TEST_CASE("filters: what cannot be understood is refused") {
    const auto refused = [](const std::string& content) {
        const auto document = enable(content);
        const auto error = check_filters(document.root());
        if (error) CHECK(error->condition == StanzaErrorCondition::bad_request);
        return error.has_value();
    };
    CHECK_FALSE(refused(""));
    CHECK_FALSE(refused(unknown + muted("romeo@example.com") + rooms(jid + "allow='always'")));
    CHECK_FALSE(refused("<muted xmlns='tigase:push:filter:muted:0'/>"));
    CHECK_FALSE(refused(rooms(jid + "allow='mentioned' nick='J'")));
    CHECK_FALSE(refused(rooms(jid + "allow='never'")));
    CHECK(refused(muted("@")));
    CHECK(refused(muted("")));
    CHECK(refused("<muted xmlns='tigase:push:filter:muted:0'><item/></muted>"));
    CHECK(refused(rooms("allow='always'")));
    CHECK(refused(rooms("jid='@' allow='always'")));
    CHECK(refused(rooms(jid)));
    CHECK(refused(rooms(jid + "allow='sometimes'")));
    CHECK(refused(rooms(jid + "allow='mentioned'")));
    CHECK(refused(rooms(jid + "allow='mentioned' nick=''")));
}

}  // namespace
}  // namespace clarion::push::tigase
