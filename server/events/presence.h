// Events of presence: a session becomes available, changes, or goes.
#pragma once

#include <string_view>

#include "server/core/event_bus.h"
#include "server/core/session.h"

namespace clarion::events {

/// The session's own broadcast presence changed; the roster's contacts have been told. `initial`: it was unavailable before.
struct AvailabilityChanged {
    enum class Stage { deliver_offline, react };
    static constexpr std::string_view name = "AvailabilityChanged";
    core::Session& session;
    bool initial;
    bool available;
};

/// A roster item changed: push it to interested resources (modules/roster). `removed`: `item` is its last state.
struct RosterChanged {
    enum class Stage { push };
    static constexpr std::string_view name = "RosterChanged";
    core::Account& account;
    const core::RosterItem& item;
    bool removed;
};

}  // namespace clarion::events
