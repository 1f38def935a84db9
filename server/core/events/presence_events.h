// Events of presence: a session becomes available, changes, or goes; presence leaves or reaches an
// account.
#pragma once

#include <string_view>

#include "proto/jid.h"
#include "proto/stanza.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// The session's own broadcast presence changed; the roster's contacts have been told. `initial`:
/// it was unavailable before. `presence`: what they were told.
struct AvailabilityChanged {
    enum class Stage { deliver_offline, notify };
    static constexpr std::string_view name = "AvailabilityChanged";
    core::Session& session;
    bool initial;
    bool available;
    const Stanza& presence;
};

/// A session's available presence is about to be shown to others, by broadcast, in answer to a
/// probe or addressed to somebody: modules may add to `presence` (a copy, made with editable()).
/// What is kept of it stays as the client sent it.
struct PresenceShowing {
    enum class Stage { add };
    static constexpr std::string_view name = "PresenceShowing";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Session& session;
    StanzaPtr& presence;
};

/// Presence of any kind is about to leave an account for another address: what a client addressed
/// to it, or what the server sends in the account's name (to contacts, probes, goodbyes). Stop: it
/// goes no further (what a client addressed, the handler answered).
struct PresenceSending {
    enum class Stage { screen };
    static constexpr std::string_view name = "PresenceSending";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    const Jid& to;
    /// What a client addressed, and which; nullptr: the server sends it.
    const Stanza* addressed = nullptr;
    core::Session* session = nullptr;
};

/// Presence of any kind is here for an account, its own among it; also a request kept from before
/// that is about to be shown to a client. Stop: nobody hears of it.
struct PresenceReceiving {
    enum class Stage { screen, note };
    static constexpr std::string_view name = "PresenceReceiving";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    const Stanza& presence;
};

/// A roster item changed: push it to interested resources (modules/roster). `removed`: `item` is
/// its last state.
struct RosterChanged {
    enum class Stage { tell_clients, note };
    static constexpr std::string_view name = "RosterChanged";
    core::Account& account;
    const core::RosterItem& item;
    bool removed;
};

}  // namespace clarion::events
