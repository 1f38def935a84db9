// The rules of docs/push-rules.md as a table: one row for each kind of stanza, one column for each
// rule.
#include <functional>
#include <vector>

#include "tests/unit/modules/push_stanzas.h"

namespace clarion::push {
namespace {

// ---- Every kind of stanza under every rule -----------------------------------------------------

/// What happened to the stanza, one column each.
struct Column {
    const char* what;
    std::function<void(Facts&)> set;
};

const std::vector<Column>& columns() {
    static const std::vector<Column> all{
        {"R1: no session, kept", [](Facts& f) { f.stored = true; }},
        {"R1: no session, kept nowhere", [](Facts&) {}},
        {"R2: archived, another device is here",
         [](Facts& f) {
             f.trigger = Trigger::archived;
             f.account_has_session = f.stored = f.archived = true;
         }},
        {"R3, R5: unacknowledged", [](Facts& f) { in_the_queue(f, Trigger::unacked); }},
        {"R4: queued asleep", [](Facts& f) { in_the_queue(f, Trigger::queued); }},
        {"R7: it arrives", [](Facts& f) { f.trigger = Trigger::receiving; }},
        {"R7: a device here sends it, another asked for calls",
         [](Facts& f) {
             f.trigger = Trigger::sending;
             f.wants_calls = true;
         }},
        {"R1: left by a session that ended, kept",
         [](Facts& f) {
             f.trigger = Trigger::ended;
             f.stored = true;
         }},
        {"R9: held back by CSI, then unacknowledged",
         [](Facts& f) {
             in_the_queue(f, Trigger::unacked);
             f.held_back = true;
         }},
        {"R9: queued asleep, notified already",
         [](Facts& f) {
             in_the_queue(f, Trigger::queued);
             f.covered = true;
         }},
    };
    return all;
}

/// `!` important, `.` unimportant, both for the row's reason; `x` unimportant, a call was answered.
/// Nothing goes: `n` not stored, `-` no rule, `c` covered, `h` held back, `a` the answer to a
/// request, `o` its own presence. ` ` cannot be.
Verdict expected(char cell, Reason reason) {
    switch (cell) {
        case '!': return {true, true, reason};
        case '.': return {true, false, reason};
        case 'x': return {true, false, Reason::call_answered};
        case 'n': return {false, false, Reason::not_stored};
        case 'c': return {false, false, Reason::covered};
        case 'h': return {false, false, Reason::held_back};
        case 'a': return {false, false, Reason::iq_answer};
        case 'o': return {false, false, Reason::own_presence};
        default: return {false, false, Reason::no_rule};
    }
}

struct Kind {
    const char* what;
    std::string xml;
    Reason reason;
    const char* cells;  // one for each column
    bool reflected = false;
};

constexpr const char* alert = "!n!!!--!hc";
constexpr const char* silent = ".n...--.hc";
constexpr const char* not_for_me = "-- ..---hc";  // presence, requests: queued only

const std::vector<Kind>& messages() {
    static const std::vector<Kind> rows{
        {"chat with a body", chat(body), Reason::body, alert},
        {"normal with a body", message("normal", body), Reason::body, alert},
        {"without a type", "<message from='romeo@example.com'><body>x</body></message>",
         Reason::body, alert},
        {"headline", message("headline", body), Reason::headline, silent},
        {"error", message("error", body + "<error type='cancel'/>"), Reason::error, silent},
        {"error with a call", message("error", propose), Reason::error, silent},
        {"headline with a call", message("headline", propose), Reason::headline, silent},
        {"empty", chat(""), Reason::no_body, silent},
        {"an empty body", chat("<body/>"), Reason::no_body, silent},
        {"a body in the second language", chat("<body/><body xml:lang='de'>x</body>"), Reason::body,
         alert},
        {"a body of another namespace", chat("<body xmlns='http://www.w3.org/1999/xhtml'>x</body>"),
         Reason::no_body, silent},
        {"chat state", chat(typing), Reason::no_body, silent},
        {"body with a chat state", chat(typing + body), Reason::body, alert},
        {"receipt", chat("<received xmlns='urn:xmpp:receipts' id='1'/>"), Reason::no_body, silent},
        {"body that asks for a receipt", chat(body + "<request xmlns='urn:xmpp:receipts'/>"),
         Reason::body, alert},
        {"marker", chat("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"), Reason::no_body,
         silent},
        {"normal with a subject only", message("normal", "<subject>x</subject>"), Reason::no_body,
         silent},
        {"chat with a subject and a body", chat("<subject>x</subject>" + body), Reason::body,
         alert},
        {"invitation", message("normal", "<x xmlns='jabber:x:conference' jid='r@muc.example'/>"),
         Reason::no_body, silent},
        {"OMEMO, deployed", chat(omemo("eu.siacs.conversations.axolotl")), Reason::encrypted,
         alert},
        {"OMEMO 0", chat(omemo("urn:xmpp:omemo:0")), Reason::encrypted, alert},
        {"OMEMO 1", chat(omemo("urn:xmpp:omemo:1")), Reason::encrypted, alert},
        {"OMEMO 2", chat(omemo("urn:xmpp:omemo:2")), Reason::encrypted, alert},
        {"OMEMO 3 is nothing yet", chat(omemo("urn:xmpp:omemo:3")), Reason::no_body, silent},
        {"OMEMO with a body in its place", chat(omemo("urn:xmpp:omemo:2") + body),
         Reason::encrypted, alert},
        {"OpenPGP of XEP-0027", chat("<x xmlns='jabber:x:encrypted'>y</x>"), Reason::encrypted,
         alert},
        {"OpenPGP of XEP-0373", chat("<openpgp xmlns='urn:xmpp:openpgp:0'>y</openpgp>"),
         Reason::encrypted, alert},
        {"announced encryption to be stored",
         chat("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>" + store), Reason::encrypted,
         alert},
        {"announced encryption", chat("<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"),
         Reason::no_body, silent},
        {"something to be stored", chat(store), Reason::no_body, silent},
        {"body, no-store", chat(body + no_store), Reason::no_store, silent},
        {"OMEMO, no-store", chat(omemo("urn:xmpp:omemo:2") + no_store), Reason::no_store, silent},
        {"body, no-permanent-store", chat(body + "<no-permanent-store xmlns='urn:xmpp:hints'/>"),
         Reason::body, alert},
        {"body, no-copy", chat(body + "<no-copy xmlns='urn:xmpp:hints'/>"), Reason::body, alert},
        {"correction", chat(body + replace), Reason::correction, silent},
        {"correction, encrypted", chat(omemo("urn:xmpp:omemo:2") + replace), Reason::correction,
         silent},
    };
    return rows;
}

const std::vector<Kind>& calls() {
    static const std::vector<Kind> rows{
        {"a call", chat(propose), Reason::call, "ccccc!-chc"},
        {"a call, to be stored", chat(propose + store), Reason::call, "ccccc!-chc"},
        {"a call, no-store", chat(propose + no_store), Reason::call, "ccccc!-chc"},
        {"a call of type normal", message("normal", propose), Reason::call, "ccccc!-chc"},
        {"a call through a room", room(propose), Reason::call, "--!!!--!hc"},
        {"a carbon of a call", carbon("received", theirs(propose)), Reason::call, "ccccc--chc"},
        {"a carbon of a call as a headline", carbon("received", theirs(propose, "headline")),
         Reason::headline, silent},
        {"an own call", message("chat", propose, "juliet@example.org/a"), Reason::call, alert},
        {"a carbon of an own call", carbon("sent", ours(propose)), Reason::own_copy, silent},
        {"a forwarded call", chat(forward(theirs(propose))), Reason::call, alert},
        {"ringing", chat(jmi("ringing")), Reason::no_body, silent},
        {"retract", chat(jmi("retract")), Reason::no_body, silent},
        {"finish", chat(jmi("finish")), Reason::no_body, silent},
        {"proceed, of the other side", chat(jmi("proceed")), Reason::no_body, silent},
        {"accept, of the other side", chat(accept_call), Reason::no_body, silent},
        {"reject, of the other side", chat(jmi("reject")), Reason::no_body, silent},
        {"accept, of an own device", message("chat", accept_call, "juliet@example.org/a"),
         Reason::no_body, ".n...-x.hc"},
        {"proceed, of an own device", message("chat", jmi("proceed"), "juliet@example.org/a"),
         Reason::no_body, ".n...-x.hc"},
        {"reject, of an own device", message("chat", jmi("reject"), "juliet@example.org/a"),
         Reason::no_body, ".n...-x.hc"},
        {"retract, of an own device", message("chat", jmi("retract"), "juliet@example.org/a"),
         Reason::no_body, silent},
        {"finish, of an own device", message("chat", jmi("finish"), "juliet@example.org/a"),
         Reason::no_body, silent},
        {"ringing, of an own device", message("chat", jmi("ringing"), "juliet@example.org/a"),
         Reason::no_body, silent},
    };
    return rows;
}

const std::vector<Kind>& copies_and_rooms() {
    const auto report = [](const std::string& to) { return room(body, to); };
    static const std::vector<Kind> rows{
        {"a received carbon", carbon("received", theirs(body)), Reason::body, alert},
        {"a received carbon of OMEMO", carbon("received", theirs(omemo("urn:xmpp:omemo:1"))),
         Reason::encrypted, alert},
        {"a received carbon of a chat state", carbon("received", theirs(typing)), Reason::no_body,
         silent},
        {"a received carbon, no-store inside", carbon("received", theirs(body + no_store)),
         Reason::no_store, silent},
        {"a sent carbon", carbon("sent", ours(body)), Reason::own_copy, silent},
        {"a sent carbon of OMEMO", carbon("sent", ours(omemo("urn:xmpp:omemo:2"))),
         Reason::own_copy, silent},
        {"a carbon that somebody else made",
         carbon("received", theirs(body), "tybalt@capulet.example/x"), Reason::no_body, silent},
        {"a carbon that another device made",
         carbon("received", theirs(body), "juliet@example.org/b"), Reason::no_body, silent},
        {"a carbon of a forward", carbon("received", theirs(forward(theirs(body)))), Reason::body,
         alert},
        {"a forward", chat(forward(theirs(body))), Reason::body, alert},
        {"a forward of a headline", chat(forward(theirs(body, "headline"))), Reason::headline,
         silent},
        {"a forward of what the account said", chat(forward(ours(body))), Reason::own_copy, silent},
        {"a forward beside a body", chat(body + forward(ours(body))), Reason::body, alert},
        {"a forward, no-store", chat(no_store + forward(theirs(body))), Reason::no_store, silent},
        {"a forward that came back as an error", message("error", forward(theirs(body))),
         Reason::error, silent},
        {"a forward of no message", chat(forward(presence("from='a@b.c/d'"))), Reason::no_body,
         silent},
        {"room message to the bare JID", report("juliet@example.org"), Reason::body, "!!!!!--!hc"},
        {"room message to a resource", report("juliet@example.org/a"), Reason::body, "--!!!--!hc"},
        {"room subject", room("<subject>x</subject>"), Reason::subject, "--...--.hc"},
        {"room subject removed", room("<subject/>"), Reason::subject, "--...--.hc"},
        {"room subject to the bare JID", room("<subject>x</subject>", "juliet@example.org"),
         Reason::subject, ".....--.hc"},
        {"room message with subject and body (XEP-0045, 8.1)", room("<subject>x</subject>" + body),
         Reason::body, "--!!!--!hc"},
        {"room message, encrypted", room(omemo("eu.siacs.conversations.axolotl")),
         Reason::encrypted, "--!!!--!hc"},
        {"room message, corrected", room(body + replace), Reason::correction, "--...--.hc"},
        {"room chat state", room(typing), Reason::no_body, "--...--.hc"},
        {"own words, reflected by the room", report("juliet@example.org/a"), Reason::own_reflection,
         "--...--.hc", true},
        {"own encrypted words, reflected", room(omemo("urn:xmpp:omemo:2")), Reason::own_reflection,
         "--...--.hc", true},
    };
    return rows;
}

const std::vector<Kind>& no_messages() {
    static const std::vector<Kind> rows{
        {"available", presence("from='romeo@example.com/o' to='juliet@example.org'"),
         Reason::presence, not_for_me},
        {"available, with a status",
         presence("from='romeo@example.com/o' to='juliet@example.org'", "<status>x</status>"),
         Reason::presence, not_for_me},
        {"unavailable", presence("from='romeo@example.com/o' type='unavailable'"), Reason::presence,
         not_for_me},
        {"subscribe", presence("from='romeo@example.com' type='subscribe'"), Reason::presence,
         not_for_me},
        {"subscribed", presence("from='romeo@example.com' type='subscribed'"), Reason::presence,
         not_for_me},
        {"unsubscribe", presence("from='romeo@example.com' type='unsubscribe'"), Reason::presence,
         not_for_me},
        {"unsubscribed", presence("from='romeo@example.com' type='unsubscribed'"), Reason::presence,
         not_for_me},
        {"probe", presence("from='romeo@example.com' type='probe'"), Reason::presence, not_for_me},
        {"presence error", presence("from='room@muc.example.com/julie' type='error'"),
         Reason::presence, not_for_me},
        {"presence of another own device",
         presence("from='juliet@example.org/b' to='juliet@example.org/a'"), Reason::presence,
         not_for_me},
        {"its own presence", presence("from='juliet@example.org/a' to='juliet@example.org/a'"),
         Reason::presence, "-- oo---oo"},
        {"get", iq("get"), Reason::iq, not_for_me},
        {"set", iq("set"), Reason::iq, not_for_me},
        {"result", iq("result"), Reason::iq, "aaaaa--aaa"},
        {"error", iq("error"), Reason::iq, "aaaaa--aaa"},
    };
    return rows;
}

void check(const std::vector<Kind>& rows) {
    for (const Kind& row : rows) {
        CAPTURE(row.what);
        const auto stanza = parse(row.xml);
        REQUIRE(std::string_view(row.cells).size() == columns().size());
        for (std::size_t i = 0; i < columns().size(); ++i) {
            if (row.cells[i] == ' ') continue;
            CAPTURE(columns()[i].what);
            Facts facts;
            facts.account = own;
            facts.reflected = row.reflected;
            columns()[i].set(facts);
            const Verdict is = should_push(*stanza, facts);
            const Verdict must = expected(row.cells[i], row.reason);
            CHECK(is.push == must.push);
            CHECK(is.important == must.important);
            CHECK(name(is.reason) == name(must.reason));
        }
    }
}

TEST_CASE("each rule and kind of stanza: messages") { check(messages()); }
TEST_CASE("each rule and kind of stanza: calls") { check(calls()); }
TEST_CASE("each rule and kind of stanza: carbons, forwards, rooms") { check(copies_and_rooms()); }
TEST_CASE("each rule and kind of stanza: presence and IQ") { check(no_messages()); }

}  // namespace
}  // namespace clarion::push
