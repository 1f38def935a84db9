// Events of a host itself: of what it says of itself.
#pragma once

#include <string_view>

#include "proto/disco_info.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Context;
}  // namespace clarion::core

namespace clarion::events {

/// What a host says of itself (disco#info) is put together: add identities, features and forms.
struct HostDescribing {
    enum class Stage { describe };
    static constexpr std::string_view name = "HostDescribing";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Context& context;
    std::string_view host;
    DiscoInfo& info;
};

/// Somebody asks for a node of that. Who knows the node says whether it has the same as the host.
struct HostNodeSought {
    enum class Stage { find };
    static constexpr std::string_view name = "HostNodeSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Context& context;
    std::string_view host;
    std::string_view node;
    bool is_host = false;
};

}  // namespace clarion::events
