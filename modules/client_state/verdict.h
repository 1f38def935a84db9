// verdict(): what an inactive client must have now, and what may wait (XEP-0352). Pure functions on
// one stanza; any thread, no state.
//
// The answer is like that of Prosody's mod_csi_simple and ejabberd's mod_client_state, where these
// agree; where they do not, what might be content is delivered.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/stanza.h"

namespace clarion::client_state {

enum class Action : std::uint8_t {
    deliver,  // now, and what is held goes before it
    hold,
    merge,  // hold; it takes the place of what has the same topic
};

/// What a stanza is the newest word on. Views into that stanza.
struct Topic {
    enum class Kind : std::uint8_t { none, presence, chat_state, own_chat_state, event };
    Kind kind = Kind::none;
    std::string_view who;   // the full JID it comes from; for own_chat_state, the one it goes to
    std::string_view node;  // of an event
    std::string_view item;  // of an event, unless its node has only one item
    bool operator==(const Topic&) const = default;
};

struct Verdict {
    Action action = Action::deliver;
    std::string_view reason;  // one word, for tests and logs
    /// For `merge`: what is obsolete now. A message with content makes its sender's chat state
    /// obsolete (XEP-0085).
    Topic topic{};
};

/// What to do with a stanza for an inactive client.
///
/// * Presence: availability is held, the newest of each full JID; subscriptions, errors and the
///   client's own presence in a room (status 110) are not.
/// * IQ: never held, somebody waits for the answer.
/// * Messages, and carbons by the message inside: what has a body, a subject, an encrypted payload,
///   an invitation, a call, or any payload that is not known to be unimportant, is delivered. Held
///   are chat states by themselves (the newest of each), receipts, markers, reactions, headlines,
///   PEP events (the newest of each item), and what a room says without words. Not held: errors,
///   and own markers and events by which the user's other devices say what was read or joined
///   (XEP-0333, XEP-0490, XEP-0402): the phone takes its notification away, or joins too.
Verdict verdict(const Stanza& stanza);

}  // namespace clarion::client_state
