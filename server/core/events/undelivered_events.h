// Undelivered: a stanza did not reach its user. Said in one place, whatever the reason.
#pragma once

#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// A stanza did not reach its user: who can keeps it, and who can tells the user's devices.
struct Undelivered {
    enum class Stage { store, notify };
    enum class Why : std::uint8_t {
        no_session,   // no session could take it
        hibernating,  // queued to this hibernating session, or kept for it as its queue is full
        ended,        // was unacknowledged when this session ended and no other took it
    };
    static constexpr std::string_view name = "Undelivered";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    core::Session* session;  // nullptr for no_session
    core::Envelope& envelope;
    Why why;
    /// Set by `store` (no_session, ended): somebody keeps the stanza. Unset at the end: a chat or
    /// normal message is answered with service-unavailable.
    bool stored = false;
};

}  // namespace clarion::events
