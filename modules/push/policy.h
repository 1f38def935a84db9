// The business rules of push, R1 to R10, and what makes a stanza important: docs/push-rules.md as
// pure functions.
//
// One question: this stanza, this registration, this thing that happened: does a notification go
// out, is it important, and why? Everything that depends on time or on what was sent before
// (coalescing, R9's marks) is looked up by the caller and arrives in Facts. Any thread; no state.
// Sources: XEP-0357, 0280, 0297, 0308, 0334, 0353, 0373, 0380, 0384.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/stanza.h"

namespace clarion::push {

/// What happened to the stanza.
enum class Trigger : std::uint8_t {
    no_session,  // no session of the account could take it (R1; R6 for group chat)
    archived,    // it was stored in the account's archive (R2)
    unacked,     // a session that begins to hibernate, is lost or is slow did not acknowledge it
                 // (R3, R5)
    queued,      // it was queued to a hibernating session (R4)
    ended,       // it was unacknowledged when its session ended, and nobody else takes it (R1)
    receiving,   // it arrives for the account (R7: calls)
    sending,     // one of the account's own sessions sends it (R7: a call was answered)
};

enum class Reason : std::uint8_t {
    // It goes, as important.
    body,
    encrypted,
    call,
    // It goes, as unimportant.
    no_body,
    presence,
    iq,
    headline,
    error,
    subject,
    own_copy,        // a carbon or forward of an own outgoing message
    own_reflection,  // a room's copy of what the account itself said
    correction,
    no_store,
    call_answered,
    ping,  // no stanza at all (R8)
    // Nothing goes.
    iq_answer,
    own_presence,
    not_stored,     // nobody keeps it, so there is nothing to fetch
    no_session,     // R2 asks for a session of the account; R1 takes care
    has_session,    // R2: the device has a session of its own; R3 to R5 take care
    covered,        // notified already (R9), or by a rule that always does
    no_rule,        // no rule speaks of it
    held_back,      // CSI kept it from an inactive client, which it was not worth to wake (R9)
    filtered,       // a module stopped it (PushSending)
    room_muted,     // its user wants to hear nothing of that room
    not_mentioned,  // its user wants to hear only of what speaks to it
    storage_failed  // its batch was not committed
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::storage_failed) + 1;
std::string_view name(Reason reason);

struct Verdict {
    bool push = false;
    bool important = false;
    Reason reason = Reason::no_rule;
};

/// What the rules must know beside the stanza.
struct Facts {
    Trigger trigger = Trigger::no_session;
    std::string_view account;          // its bare JID
    std::string_view session;          // full JID of the session concerned; empty: none
    bool account_has_session = false;  // live or hibernating
    bool device_has_session = false;   // the registration's device has one, live or hibernating
    bool same_device = false;          // the session concerned is of the registration's device
    bool stored = false;               // offline storage or the archive keeps the stanza
    bool archived = false;             // the archive keeps it
    bool wants_calls = false;  // the registration asked to hear that a call was answered elsewhere
    bool reflected = false;    // sent by the account's own occupant of a room
    bool room_muted = false;   // it is of a room of which its user wants to hear nothing
    bool not_mentioned = false;  // its user wants to hear only what speaks to it, and this does not
    bool held_back = false;      // CSI held it back when its client went away
    bool covered = false;        // R9: this registration was notified of it, in whatever copy
};

Verdict should_push(const Stanza& stanza, const Facts& facts);

/// Important, and why; without regard to the rules.
struct Judgement {
    bool important = false;
    Reason reason = Reason::no_body;
};
Judgement judge(const Stanza& stanza, std::string_view account, bool reflected);

/// The message that counts: the one inside a carbon or a forward, else the stanza itself.
struct Carried {
    const xml::Element* message = nullptr;
    bool own = false;     // it is the account's own outgoing message
    bool carbon = false;  // this server copied it for another device

    std::string_view body() const;
    std::string_view sender() const;
};
/// A carbon counts only from the account itself (XEP-0280, Security Considerations); a forward
/// (XEP-0297), also within a carbon, only where nothing is said beside it. Both views live as long
/// as `stanza`.
Carried carried(const Stanza& stanza, std::string_view account);

/// OMEMO, or either OpenPGP (XEP-0384, 0027, 0373).
bool has_ciphertext(const xml::Element& message);

/// A call proposal (XEP-0353, which demands type "chat") that somebody else sends directly: R7
/// notifies every registration of it when it arrives, so no other rule ever does again.
bool is_incoming_call(const Stanza& stanza, std::string_view account);
/// An own device accepts, rejects or proceeds with a call (XEP-0353), directly or as a carbon.
bool is_answered_call(const Stanza& stanza, std::string_view account);

}  // namespace clarion::push
