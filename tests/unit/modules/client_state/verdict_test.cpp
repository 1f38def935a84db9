#include "modules/client_state/verdict.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/ns.h"

namespace clarion::client_state {
namespace {

constexpr const char* phone = "juliet@example.org/phone";

std::shared_ptr<Stanza> stanza(const std::string& xml) {
    auto parsed = Stanza::from_document(xml::parse_element(xml, ns::client));
    REQUIRE(parsed.ok());
    return *std::move(parsed);
}

std::shared_ptr<Stanza> from(const std::string& sender, const std::string& name,
                             const std::string& attributes, const std::string& content) {
    return stanza("<" + name + " from='" + sender + "' to='" + phone + "' " + attributes + ">" +
                  content + "</" + name + ">");
}

std::string state(const std::string& name) {
    return "<" + name + " xmlns='http://jabber.org/protocol/chatstates'/>";
}

std::string carbon(const std::string& kind, const std::string& attributes,
                   const std::string& content) {
    return "<message from='juliet@example.org' to='" + std::string(phone) + "' type='chat'><" +
           kind +
           " xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
           "<message xmlns='jabber:client' " +
           attributes + ">" + content + "</message></forwarded></" + kind + "></message>";
}

std::string event(const std::string& node, const std::string& items) {
    return "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='" + node + "'>" +
           items + "</items></event>";
}

struct Case {
    const char* attributes;
    std::string content;
    Action action;
    const char* reason;
};

void check(const std::string& name, const std::string& sender, const std::vector<Case>& cases) {
    for (const Case& each : cases) {
        INFO(name, " ", each.attributes, " ", each.content);
        const auto judged = from(sender, name, each.attributes, each.content);
        const Verdict verdict = client_state::verdict(*judged);
        CHECK(verdict.action == each.action);
        CHECK(verdict.reason == each.reason);
    }
}

using enum Action;

TEST_CASE("presence: availability waits, the rest does not") {
    const std::string room = "<x xmlns='http://jabber.org/protocol/muc#user'>";
    check("presence", "romeo@example.net/orchard",
          {{"", "", merge, "presence"},
           {"", "<show>away</show>", merge, "presence"},
           {"type='unavailable'", "", merge, "presence"},
           {"type='subscribe'", "", deliver, "subscription"},
           {"type='subscribed'", "", deliver, "subscription"},
           {"type='unsubscribe'", "", deliver, "subscription"},
           {"type='unsubscribed'", "", deliver, "subscription"},
           {"type='error'", "<error type='cancel'/>", deliver, "error"},
           {"", room + "<item role='participant'/></x>", merge, "presence"},
           {"", room + "<status code='110'/></x>", deliver, "own-occupant"},
           {"type='unavailable'", room + "<status code='307'/><status code='110'/></x>", deliver,
            "own-occupant"},
           {"type='unavailable'", room + "<status code='307'/></x>", merge, "presence"}});
}

TEST_CASE("an iq never waits") {
    const std::string ping = "<ping xmlns='urn:xmpp:ping'/>";
    check("iq", "example.org",
          {{"id='1' type='get'", ping, deliver, "iq"},
           {"id='1' type='set'", ping, deliver, "iq"},
           {"id='1' type='result'", "", deliver, "iq"}});
}

TEST_CASE("messages: what might be content goes") {
    const std::string user = "<x xmlns='http://jabber.org/protocol/muc#user'>";
    check("message", "romeo@example.net/orchard",
          {{"type='chat'", "<body>hi</body>", deliver, "body"},
           {"", "<body>hi</body>", deliver, "body"},
           {"type='chat'", "<body>hi</body>" + state("active"), deliver, "body"},
           {"type='chat'", state("composing"), merge, "chat-state"},
           {"type='chat'", state("gone") + "<thread>t</thread>", merge, "chat-state"},
           {"type='chat'", state("composing") + "<no-store xmlns='urn:xmpp:hints'/>", merge,
            "chat-state"},
           {"type='chat'", "<body/>" + state("paused"), merge, "chat-state"},
           {"type='chat'", "", hold, "empty"},
           {"type='chat'", "<thread>t</thread>", hold, "empty"},
           {"type='chat'", "<received xmlns='urn:xmpp:receipts' id='1'/>", hold, "receipt"},
           {"type='chat'", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", hold, "marker"},
           {"type='chat'", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", hold, "reaction"},
           {"type='chat'", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", deliver,
            "encrypted"},
           {"type='chat'", "<encrypted xmlns='urn:xmpp:omemo:2'/>" + state("active"), deliver,
            "encrypted"},
           {"type='chat'", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", deliver, "encrypted"},
           {"", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", deliver, "call"},
           {"", "<invite xmlns='urn:xmpp:call-invites:0' id='1'/>", deliver, "call"},
           {"", "<x xmlns='jabber:x:conference' jid='r@muc.example'/>", deliver, "invitation"},
           {"", user + "<invite from='a@example.net'/></x>", deliver, "invitation"},
           {"", user + "<status code='101'/></x>", deliver, "payload"},
           {"", "<thing xmlns='urn:example:new'/>", deliver, "payload"},
           {"type='error'", "<error type='cancel'/>", deliver, "error"},
           {"type='error'", state("composing") + "<error type='cancel'/>", deliver, "error"},
           {"type='headline'", "<body>news</body>", hold, "headline"},
           {"type='headline'", "<attention xmlns='urn:xmpp:attention:0'/>", deliver, "attention"}});
}

TEST_CASE("group chat: words go, what is about the room waits") {
    check("message", "room@muc.example.net/romeo",
          {{"type='groupchat'", "<body>hi</body>", deliver, "body"},
           {"type='groupchat'", "<thing xmlns='urn:example:new'/><body>hi</body>", deliver, "body"},
           {"type='groupchat'", "<subject/>", deliver, "subject"},
           {"type='groupchat'", "<subject>News</subject>", deliver, "subject"},
           {"type='groupchat'", "<encrypted xmlns='urn:xmpp:omemo:2'/>", deliver, "encrypted"},
           {"type='groupchat'", state("composing"), merge, "chat-state"},
           {"type='groupchat'",
            "<x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>", hold,
            "room"}});
}

TEST_CASE("carbons are judged by what is inside, and by its direction") {
    const std::string in = "from='romeo@example.net/o' to='juliet@example.org/desk'";
    const std::string out = "from='juliet@example.org/desk' to='romeo@example.net/o'";
    const std::string read = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>";
    const std::string got = "<received xmlns='urn:xmpp:receipts' id='1'/>";
    const auto judge = [](const std::string& xml) { return verdict(*stanza(xml)); };
    CHECK(judge(carbon("received", in, "<body>hi</body>")).action == deliver);
    CHECK(judge(carbon("sent", out, "<body>hi</body>")).action == deliver);
    CHECK(judge(carbon("received", in, state("composing"))).action == merge);
    CHECK(judge(carbon("sent", out, state("composing"))).action == merge);
    CHECK(judge(carbon("received", in, read)).action == hold);
    CHECK(judge(carbon("sent", out, read)).reason == "own-marker");
    CHECK(judge(carbon("sent", out, read)).action == deliver);
    CHECK(judge(carbon("sent", out, got)).action == hold);
    CHECK(judge(carbon("received", in + " type='error'", "<error type='cancel'/>")).action ==
          deliver);
    // From somebody else it is no carbon, only a payload nobody knows.
    const auto forged = from("romeo@example.net/o", "message", "type='chat'",
                             "<received xmlns='urn:xmpp:carbons:2'/>");
    CHECK(verdict(*forged).reason == "payload");
}

TEST_CASE("events: the newest of each item, and own affairs at once") {
    const std::string tune = event("http://jabber.org/protocol/tune", "<item id='a'/>");
    const std::string blog = event("urn:xmpp:microblog:0", "<item id='a'/>");
    const std::string two = event("urn:xmpp:microblog:0", "<item id='a'/><item id='b'/>");
    const std::string retracted = event("urn:xmpp:microblog:0", "<retract id='a'/>");
    check(
        "message", "romeo@example.net",
        {{"type='headline'", tune, merge, "event"},
         {"type='headline'", blog, merge, "event"},
         {"type='headline'", retracted, merge, "event"},
         {"type='headline'", two, hold, "event"},
         {"", blog, merge, "event"},
         {"", blog + "<body>new entry</body>", deliver, "body"},
         {"type='headline'", event("urn:xmpp:mds:displayed:0", "<item id='a'/>"), merge, "event"}});
    check(
        "message", "juliet@example.org",
        {{"type='headline'", event("urn:xmpp:mds:displayed:0", "<item id='a'/>"), deliver,
          "own-event"},
         {"type='headline'", event("urn:xmpp:bookmarks:1", "<item id='a'/>"), deliver, "own-event"},
         {"type='headline'", tune, merge, "event"}});
    const auto topic = [](const std::string& content) {
        const auto held = from("romeo@example.net", "message", "type='headline'", content);
        const Topic about = verdict(*held).topic;
        return std::string(about.who) + " " + std::string(about.node) + " " +
               std::string(about.item);
    };
    CHECK(topic(tune) == "romeo@example.net http://jabber.org/protocol/tune ");
    CHECK(topic(blog) == "romeo@example.net urn:xmpp:microblog:0 a");
    CHECK(topic(retracted) == topic(blog));
}

TEST_CASE("topics: per full JID and direction") {
    const auto composing = from("romeo@example.net/o", "message", "type='chat'", state("paused"));
    const auto content = from("romeo@example.net/o", "message", "type='chat'", "<body>x</body>");
    CHECK(verdict(*composing).topic == verdict(*content).topic);
    const auto presence = from("romeo@example.net/o", "presence", "", "");
    CHECK(verdict(*presence).topic.who == "romeo@example.net/o");
    CHECK_FALSE(verdict(*presence).topic == verdict(*composing).topic);
    const auto own = stanza(carbon(
        "sent", "from='juliet@example.org/desk' to='romeo@example.net/o'", state("composing")));
    CHECK(verdict(*own).topic.kind == Topic::Kind::own_chat_state);
    CHECK(verdict(*own).topic.who == "romeo@example.net/o");
    const auto in = stanza(carbon(
        "received", "from='romeo@example.net/o' to='juliet@example.org/desk'", state("gone")));
    CHECK(verdict(*in).topic == verdict(*composing).topic);
}

}  // namespace
}  // namespace clarion::client_state
