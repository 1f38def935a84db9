// Events of what is addressed to a host itself.
#pragma once

#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::events {

/// Something for a host of ours as such: example.org, with a resource or without. Stop: somebody
/// took it. Otherwise requests are answered by the IQ table, presence is ignored and messages are
/// returned.
struct HostReceiving {
    enum class Stage { take };
    static constexpr std::string_view name = "HostReceiving";
    static constexpr auto kind = core::EventKind::stoppable;
    std::string_view host;
    core::Envelope& envelope;
};

}  // namespace clarion::events
