// Events of the server as a whole, fired once per shard.
#pragma once

#include <string_view>

#include "server/core/event_bus.h"

namespace clarion::core {
class Core;
}

namespace clarion::events {

/// Every listener accepts.
struct ServerStarted {
    enum class Stage { react };
    static constexpr std::string_view name = "ServerStarted";
    core::Core& core;
};

/// New options are in force.
struct ConfigReloaded {
    enum class Stage { react };
    static constexpr std::string_view name = "ConfigReloaded";
    core::Core& core;
};

}  // namespace clarion::events
