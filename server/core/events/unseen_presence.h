// Presence for accounts that are not in memory.
#pragma once

#include <string_view>

#include "proto/stanza.h"
#include "server/runtime/event_bus.h"

namespace clarion::events {

/// Presence of somebody, available or not, has come to an address of that host at which nobody is
/// logged in, and perhaps no account: it is dropped. Whoever loads the account because of it must
/// bound that.
struct PresenceUnseen {
    enum class Stage { note };
    static constexpr std::string_view name = "PresenceUnseen";
    std::string_view host;
    const Stanza& presence;
};

}  // namespace clarion::events
