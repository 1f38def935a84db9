// Events about other domains.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Context;
}  // namespace clarion::core

namespace clarion::events {

/// A stanza comes from another server or a component, before anything else is done with it, or is
/// about to go there. Stop: it goes no further (the handler answered it). What this server answers
/// itself is not asked about. Coming in it is on no home in particular, going out on that of the
/// domain.
struct StanzaCrossing {
    enum class Stage { screen };
    static constexpr std::string_view name = "StanzaCrossing";
    static constexpr auto kind = core::EventKind::stoppable;
    enum class Way : std::uint8_t { in, out };
    core::Envelope& envelope;
    Way way;
    /// Who is elsewhere, and who is here.
    const Jid& peer() const {
        return way == Way::in ? envelope.stanza->from() : envelope.stanza->to();
    }
    const Jid& own() const {
        return way == Way::in ? envelope.stanza->to() : envelope.stanza->from();
    }
};

/// A component attached, or an authenticated stream from or to that domain came up. Fired on the
/// domain's home shard.
struct DomainReachable {
    enum class Stage { react };
    static constexpr std::string_view name = "DomainReachable";
    core::Context& context;
    std::string_view domain;
};

}  // namespace clarion::events
