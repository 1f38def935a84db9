// The rules of PUSH.md part A as a table: one row per rule and kind of stanza.
#include "modules/push/policy.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "proto/ns.h"

namespace clarion::push {
namespace {

constexpr std::string_view own = "juliet@example.org";

std::shared_ptr<Stanza> parse(std::string_view xml) {
    auto stanza = Stanza::from_document(xml::parse_element(xml, ns::client));
    REQUIRE(stanza.ok());
    return std::move(*stanza);
}

std::string message(std::string_view type, std::string_view content,
                    std::string_view from = "romeo@example.com/orchard") {
    return "<message from='" + std::string(from) + "' to='juliet@example.org' type='" +
           std::string(type) + "'>" + std::string(content) + "</message>";
}
std::string chat(std::string_view content) { return message("chat", content); }
std::string carbon(std::string_view side, std::string_view inner, std::string_view from = own) {
    return message("chat",
                   "<" + std::string(side) +
                       " xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" +
                       std::string(inner) + "</forwarded></" + std::string(side) + ">",
                   from);
}

const std::string body = "<body>hi</body>";
const std::string propose = "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>";
const std::string received_inner =
    "<message xmlns='jabber:client' from='romeo@example.com/orchard' to='juliet@example.org/a' "
    "type='chat'><body>inner</body></message>";
const std::string sent_inner =
    "<message xmlns='jabber:client' from='juliet@example.org/a' to='romeo@example.com' "
    "type='chat'><body>mine</body></message>";

struct Row {
    const char* what;
    std::string xml;
    bool important;
    Reason reason;
};

TEST_CASE("importance, by kind of stanza") {
    const std::string omemo = "<encrypted xmlns='";
    const std::vector<Row> rows{
        {"a body", chat(body), true, Reason::body},
        {"a body of type normal", message("normal", body), true, Reason::body},
        {"a body in a room", message("groupchat", body, "room@muc.example.com/nurse"), true,
         Reason::body},
        {"an empty body", chat("<body/>"), false, Reason::no_body},
        {"a chat state", chat("<composing xmlns='http://jabber.org/protocol/chatstates'/>"), false,
         Reason::no_body},
        {"a receipt", chat("<received xmlns='urn:xmpp:receipts' id='1'/>"), false, Reason::no_body},
        {"a headline", message("headline", body), false, Reason::headline},
        {"an error",
         message("error", body + "<error type='cancel'><gone "
                                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"),
         false, Reason::error},
        {"a room's subject", message("groupchat", "<subject>x</subject><body>x</body>"), false,
         Reason::subject},
        {"a subject with a body in a chat", chat("<subject>x</subject><body>x</body>"), true,
         Reason::body},
        {"OMEMO 0.3", chat(omemo + "eu.siacs.conversations.axolotl'/>"), true, Reason::encrypted},
        {"OMEMO 0", chat(omemo + "urn:xmpp:omemo:0'/>"), true, Reason::encrypted},
        {"OMEMO 1", chat(omemo + "urn:xmpp:omemo:1'/>"), true, Reason::encrypted},
        {"OMEMO 2", chat(omemo + "urn:xmpp:omemo:2'/>"), true, Reason::encrypted},
        {"OpenPGP, old", chat("<x xmlns='jabber:x:encrypted'>y</x>"), true, Reason::encrypted},
        {"OpenPGP", chat("<openpgp xmlns='urn:xmpp:openpgp:0'>y</openpgp>"), true,
         Reason::encrypted},
        {"announced encryption to store",
         chat("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/><store xmlns='urn:xmpp:hints'/>"),
         true, Reason::encrypted},
        {"announced encryption only", chat("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"),
         false, Reason::no_body},
        {"a call", chat(propose), true, Reason::call},
        {"a call not to be stored", chat(propose + "<no-store xmlns='urn:xmpp:hints'/>"), true,
         Reason::call},
        {"a body not to be stored", chat(body + "<no-store xmlns='urn:xmpp:hints'/>"), false,
         Reason::no_store},
        {"a body not to be archived", chat(body + "<no-permanent-store xmlns='urn:xmpp:hints'/>"),
         true, Reason::body},
        {"a correction", chat(body + "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>"), false,
         Reason::correction},
        {"a received carbon", carbon("received", received_inner), true, Reason::body},
        {"a sent carbon", carbon("sent", sent_inner), false, Reason::own_copy},
        {"a carbon from somebody else",
         carbon("received", received_inner, "tybalt@capulet.example/x"), false, Reason::no_body},
        {"a forward",
         chat("<forwarded xmlns='urn:xmpp:forward:0'>" + received_inner + "</forwarded>"), true,
         Reason::body},
        {"a forward of an own message",
         chat("<forwarded xmlns='urn:xmpp:forward:0'>" + sent_inner + "</forwarded>"), false,
         Reason::own_copy},
        {"a forward in a message with a body",
         chat(body + "<forwarded xmlns='urn:xmpp:forward:0'>" + sent_inner + "</forwarded>"), true,
         Reason::body},
        {"presence", "<presence from='romeo@example.com/o' to='juliet@example.org/a'/>", false,
         Reason::presence},
        {"a request",
         "<iq type='get' id='1' from='romeo@example.com/o' to='juliet@example.org/a'><ping "
         "xmlns='urn:xmpp:ping'/></iq>",
         false, Reason::iq},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const Judgement judgement = judge(*parse(row.xml), own, false);
        CHECK(judgement.important == row.important);
        CHECK(name(judgement.reason) == name(row.reason));
    }
    const auto reflected = parse(message("groupchat", body, "room@muc.example.com/julie"));
    CHECK(judge(*reflected, own, true).reason == Reason::own_reflection);
}

TEST_CASE("body and sender are those of the carried message") {
    const auto copy = parse(carbon("received", received_inner));
    CHECK(carried(*copy, own).body() == "inner");
    CHECK(carried(*copy, own).sender() == "romeo@example.com/orchard");
    CHECK(carried(*copy, own).carbon);
    const auto forged = parse(carbon("received", received_inner, "tybalt@capulet.example/x"));
    CHECK(carried(*forged, own).sender() == "tybalt@capulet.example/x");
    const auto plain = parse(chat(body));
    CHECK(carried(*plain, own).body() == "hi");
    CHECK_FALSE(carried(*plain, own).own);
}

struct RuleRow {
    const char* what;
    std::string xml;
    std::function<void(Facts&)> set;
    bool push;
    bool important;
    Reason reason;
};

const std::string groupchat =
    "<message from='room@muc.example.com/nurse' to='juliet@example.org' "
    "type='groupchat'><body>x</body></message>";
const std::string groupchat_full =
    "<message from='room@muc.example.com/nurse' to='juliet@example.org/gone' "
    "type='groupchat'><body>x</body></message>";
const std::string ping =
    "<iq type='get' id='1' from='romeo@example.com/o' to='juliet@example.org/a'><ping "
    "xmlns='urn:xmpp:ping'/></iq>";
const std::string result =
    "<iq type='result' id='1' from='romeo@example.com/o' to='juliet@example.org/a'/>";
const std::string own_presence =
    "<presence from='juliet@example.org/a' to='juliet@example.org/a'/>";
const std::string accept_call = "<accept xmlns='urn:xmpp:jingle-message:0' id='1'/>";

TEST_CASE("rules, by what happened") {
    const auto as = [](Trigger trigger) { return [trigger](Facts& f) { f.trigger = trigger; }; };
    const auto stored = [](Facts& f) {
        f.trigger = Trigger::no_session;
        f.stored = true;
    };
    const auto queued = [](Facts& f) {
        f.trigger = Trigger::asleep;
        f.account_has_session = f.device_has_session = f.same_device = true;
        f.session = "juliet@example.org/a";
    };
    const std::vector<RuleRow> rows{
        {"R1 kept offline", chat(body), stored, true, true, Reason::body},
        {"R1 kept, without body", chat("<received xmlns='urn:xmpp:receipts' id='1'/>"), stored,
         true, false, Reason::no_body},
        {"R1 kept nowhere", chat(body), as(Trigger::no_session), false, false, Reason::not_stored},
        {"R1 is about messages", ping, stored, false, false, Reason::no_rule},
        {"R1 after R2", chat(body),
         [](Facts& f) { f.stored = f.archived = f.account_has_session = true; }, false, false,
         Reason::covered},
        {"R1 for the device whose session does not take messages", chat(body),
         [](Facts& f) {
             f.stored = f.archived = f.account_has_session = f.device_has_session = true;
         },
         true, true, Reason::body},
        {"R6 group chat to the bare JID", groupchat, as(Trigger::no_session), true, true,
         Reason::body},
        {"R6 not to a full one", groupchat_full, as(Trigger::no_session), false, false,
         Reason::no_rule},
        {"R2 another device is here", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::archived;
             f.account_has_session = true;
         },
         true, true, Reason::body},
        {"R2 nobody is here", chat(body), as(Trigger::archived), false, false, Reason::no_session},
        {"R2 the device has a session", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::archived;
             f.account_has_session = f.device_has_session = true;
         },
         false, false, Reason::has_session},
        {"R3 in the queue", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::unacked;
             f.same_device = true;
         },
         true, true, Reason::body},
        {"R3 another device's queue", chat(body), as(Trigger::unacked), false, false,
         Reason::no_rule},
        {"R4 queued asleep", chat(body), queued, true, true, Reason::body},
        {"R4, R10 a request", ping, queued, true, false, Reason::iq},
        {"R4, R10 presence", "<presence from='romeo@example.com/o' to='juliet@example.org'/>",
         queued, true, false, Reason::presence},
        {"R9 a result", result, queued, false, false, Reason::iq_answer},
        {"R9 its own presence", own_presence, queued, false, false, Reason::own_presence},
        {"R9 covered", chat(body),
         [&](Facts& f) {
             queued(f);
             f.covered = true;
         },
         false, false, Reason::covered},
        {"R9 held back by CSI", chat(body),
         [&](Facts& f) {
             queued(f);
             f.held_back = true;
         },
         false, false, Reason::held_back},
        {"R9 a call, after R7", chat(propose), queued, false, false, Reason::covered},
        {"R9 a carbon of a call, after R7",
         carbon("received",
                "<message xmlns='jabber:client' from='romeo@example.com/o' "
                "to='juliet@example.org/a' type='chat'>" +
                    propose + "</message>"),
         queued, false, false, Reason::covered},
        {"R7 a call arrives", chat(propose), as(Trigger::receiving), true, true, Reason::call},
        {"R7 nothing else that arrives", chat(body), as(Trigger::receiving), false, false,
         Reason::no_rule},
        {"R7 not one's own call", message("chat", propose, "juliet@example.org/a"),
         as(Trigger::receiving), false, false, Reason::no_rule},
        {"R7 answered, asked for", message("chat", accept_call, "juliet@example.org/a"),
         [](Facts& f) {
             f.trigger = Trigger::sending;
             f.wants_calls = true;
         },
         true, false, Reason::call_answered},
        {"R7 answered, not asked for", message("chat", accept_call, "juliet@example.org/a"),
         as(Trigger::sending), false, false, Reason::no_rule},
        {"R7 answered by this device", message("chat", accept_call, "juliet@example.org/a"),
         [](Facts& f) {
             f.trigger = Trigger::sending;
             f.wants_calls = f.same_device = true;
         },
         false, false, Reason::no_rule},
        {"the end of a queue, kept", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::ended;
             f.stored = true;
         },
         true, true, Reason::body},
        {"the end of a queue, archived: others know", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::ended;
             f.stored = f.archived = true;
         },
         false, false, Reason::covered},
        {"the end of a queue, archived: its own device", chat(body),
         [](Facts& f) {
             f.trigger = Trigger::ended;
             f.stored = f.archived = f.same_device = true;
         },
         true, true, Reason::body},
        {"the end of a queue, returned to the sender", chat(body), as(Trigger::ended), false, false,
         Reason::not_stored},
    };
    for (const RuleRow& row : rows) {
        CAPTURE(row.what);
        Facts facts;
        facts.account = own;
        row.set(facts);
        const Verdict verdict = should_push(*parse(row.xml), facts);
        CHECK(verdict.push == row.push);
        CHECK(verdict.important == row.important);
        CHECK(name(verdict.reason) == name(row.reason));
    }
}

}  // namespace
}  // namespace clarion::push
