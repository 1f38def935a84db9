#include "modules/push/policy.h"

#include <array>
#include <optional>

#include "proto/forward.h"
#include "proto/hints.h"
#include "proto/ns.h"

namespace clarion::push {

namespace {

/// XEP-0384, 0.4 drafts: deployed, never in the registry.
constexpr std::string_view omemo_0 = "urn:xmpp:omemo:0";

constexpr std::array<std::string_view, reason_count> reason_names{
    "body",       "encrypted",     "call",          "no-body",   "presence",       "iq",
    "headline",   "error",         "subject",       "own-copy",  "own-reflection", "correction",
    "no-store",   "call-answered", "ping",          "iq-answer", "own-presence",   "not-stored",
    "no-session", "has-session",   "covered",       "no-rule",   "held-back",      "filtered",
    "room-muted", "not-mentioned", "storage-failed"};

std::string_view bare(std::string_view jid) { return jid.substr(0, jid.find('/')); }

/// There may be one for each language (RFC 6121, 5.2.3): the first that says something.
std::string_view body_of(const xml::Element& message) {
    for (const xml::Element& child : message.children())
        if (child.is(message.ns(), "body") && !child.text().empty()) return child.text();
    return {};
}

const xml::Element* forwarded_message(const xml::Element& wrapper) {
    const xml::Element* stanza = find_forwarded(wrapper);
    return stanza && stanza->name() == "message" ? stanza : nullptr;
}

bool is_encrypted(const xml::Element& message) {
    return has_ciphertext(message) ||
           (message.child(ns::eme, "encryption") && read_hints(message).store);
}

bool is_proposal(const xml::Element& message) {
    return message.child(ns::jingle_message, "propose") != nullptr;
}

/// Reasons a message is unimportant whatever is in it, calls included.
std::optional<Reason> never_important(const Stanza& stanza, const Carried& carried,
                                      bool reflected) {
    const auto type = carried.message->attr("type");
    if (stanza.is_error() || type == "error") return Reason::error;
    if (type == "headline") return Reason::headline;
    if (carried.own) return Reason::own_copy;
    if (reflected) return Reason::own_reflection;
    return std::nullopt;
}

/// XEP-0045, 8.1: with a body it is a message like any other.
bool is_room_subject(const xml::Element& message) {
    return message.attr("type") == "groupchat" && message.child(message.ns(), "subject") &&
           !message.child(message.ns(), "body");
}

Judgement judge_content(const xml::Element& message) {
    if (is_proposal(message)) return {true, Reason::call};  // also with no-store
    if (read_hints(message).no_store) return {false, Reason::no_store};
    if (message.child(ns::message_correct, "replace")) return {false, Reason::correction};
    if (is_room_subject(message)) return {false, Reason::subject};
    if (is_encrypted(message)) return {true, Reason::encrypted};
    if (!body_of(message).empty()) return {true, Reason::body};
    return {false, Reason::no_body};
}

/// Of a type that XEP-0353 can have: it demands "chat".
bool may_propose(const xml::Element& message) {
    const auto type = message.attr("type");
    return type != "error" && type != "groupchat" && type != "headline" && is_proposal(message);
}

/// What a carbon (XEP-0280) carries, and whether the account sent it; else the stanza itself. Only
/// from the account itself (Security Considerations).
Carried copied(const Stanza& stanza, std::string_view account) {
    if (stanza.from().full() == account || stanza.from().empty()) {
        for (const auto side : {"received", "sent"}) {
            const xml::Element* carbon = stanza.root().child(ns::carbons, side);
            const xml::Element* inner = carbon ? forwarded_message(*carbon) : nullptr;
            if (inner) return {inner, carbon->name() == "sent", true};
        }
    }
    return {&stanza.root(), false, false};
}

/// Another device's copy of a call that R7 has notified.
bool is_call_carbon(const Stanza& stanza, std::string_view account) {
    const Carried copy = copied(stanza, account);
    return copy.carbon && !copy.own && may_propose(*copy.message) && bare(copy.sender()) != account;
}

/// R9: what never notifies, or has been notified already.
std::optional<Reason> excluded(const Stanza& stanza, const Facts& facts) {
    if (stanza.is_iq() && !stanza.is_request()) return Reason::iq_answer;
    if (stanza.is_presence() && !facts.session.empty() && stanza.from().full() == facts.session)
        return Reason::own_presence;
    if (facts.held_back) return Reason::held_back;
    if (facts.covered) return Reason::covered;
    if (!stanza.is_message()) return std::nullopt;
    if (is_incoming_call(stanza, facts.account) || is_call_carbon(stanza, facts.account))
        return Reason::covered;
    if (facts.wants_calls && is_answered_call(stanza, facts.account)) return Reason::covered;
    return std::nullopt;
}

std::optional<Reason> denied_without_session(const Stanza& stanza, const Facts& facts) {
    if (!stanza.is_message()) return Reason::no_rule;
    if (stanza.type() == StanzaType::groupchat)  // R6
        return stanza.to().is_bare() ? std::nullopt : std::optional(Reason::no_rule);
    if (!facts.stored) return Reason::not_stored;
    // Archived while other devices had a session: R2 has notified it.
    if (facts.archived && facts.account_has_session && !facts.device_has_session)
        return Reason::covered;
    return std::nullopt;
}

/// Nothing, or why the rule that goes with the trigger does not apply.
std::optional<Reason> denied(const Stanza& stanza, const Facts& facts) {
    switch (facts.trigger) {
        case Trigger::no_session: return denied_without_session(stanza, facts);
        case Trigger::archived:
            if (!facts.account_has_session) return Reason::no_session;
            return facts.device_has_session ? std::optional(Reason::has_session) : std::nullopt;
        case Trigger::unacked:
        case Trigger::queued:
            return facts.same_device ? std::nullopt : std::optional(Reason::no_rule);
        case Trigger::ended:
            if (!stanza.is_message()) return Reason::no_rule;
            if (!facts.stored) return Reason::not_stored;
            // When it was archived, every other device was notified by R2 or had a session of its
            // own.
            return facts.archived && !facts.same_device ? std::optional(Reason::covered)
                                                        : std::nullopt;
        case Trigger::receiving:
        case Trigger::sending: break;
    }
    return Reason::no_rule;
}

}  // namespace

std::string_view name(Reason reason) { return reason_names[static_cast<std::size_t>(reason)]; }

std::string_view Carried::body() const { return body_of(*message); }
std::string_view Carried::sender() const { return message->attr("from"); }

Carried carried(const Stanza& stanza, std::string_view account) {
    const Carried copy = copied(stanza, account);
    const xml::Element* inner = copy.body().empty() ? forwarded_message(*copy.message) : nullptr;
    if (!inner) return copy;
    return {inner, copy.own || bare(inner->attr("from")) == account, copy.carbon};
}

Judgement judge(const Stanza& stanza, std::string_view account, bool reflected) {
    if (stanza.is_iq()) return {false, Reason::iq};
    if (stanza.is_presence()) return {false, Reason::presence};
    const Carried inner = carried(stanza, account);
    if (const auto reason = never_important(stanza, inner, reflected)) return {false, *reason};
    const Judgement judgement = judge_content(*inner.message);
    const bool ephemeral = judgement.important && judgement.reason != Reason::call &&
                           read_hints(stanza.root()).no_store;
    return ephemeral ? Judgement{false, Reason::no_store} : judgement;
}

bool has_ciphertext(const xml::Element& message) {
    for (const auto omemo : {ns::omemo_legacy, omemo_0, ns::omemo_1, ns::omemo_2})
        if (message.child(omemo, "encrypted")) return true;
    return message.child(ns::openpgp_legacy, "x") || message.child(ns::openpgp, "openpgp");
}

bool is_incoming_call(const Stanza& stanza, std::string_view account) {
    return stanza.is_message() && stanza.from().bare() != account && may_propose(stanza.root());
}

bool is_answered_call(const Stanza& stanza, std::string_view account) {
    if (!stanza.is_message() || stanza.is_error()) return false;
    const Carried copy = copied(stanza, account);
    if (bare(copy.sender()) != account) return false;
    for (const auto action : {"accept", "reject", "proceed"})
        if (copy.message->child(ns::jingle_message, action)) return true;
    return false;
}

Verdict should_push(const Stanza& stanza, const Facts& facts) {
    if (facts.trigger == Trigger::receiving) {
        if (!is_incoming_call(stanza, facts.account)) return {false, false, Reason::no_rule};
        return facts.covered ? Verdict{false, false, Reason::covered}
                             : Verdict{true, true, Reason::call};
    }
    if (facts.trigger == Trigger::sending) {
        const bool goes =
            facts.wants_calls && !facts.same_device && is_answered_call(stanza, facts.account);
        return {goes, false, goes ? Reason::call_answered : Reason::no_rule};
    }
    if (const auto reason = excluded(stanza, facts)) return {false, false, *reason};
    if (const auto reason = denied(stanza, facts)) return {false, false, *reason};
    if (facts.room_muted) return {false, false, Reason::room_muted};
    if (facts.not_mentioned) return {false, false, Reason::not_mentioned};
    const Judgement judgement = judge(stanza, facts.account, facts.reflected);
    return {true, judgement.important, judgement.reason};
}

}  // namespace clarion::push
