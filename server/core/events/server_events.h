// Events of the server as a whole, fired once per shard.
#pragma once

#include <string_view>

#include "server/runtime/event_bus.h"

namespace clarion::core {
class Context;
}  // namespace clarion::core

namespace clarion::events {

/// Every listener accepts.
struct ServerStarted {
    enum class Stage { react };
    static constexpr std::string_view name = "ServerStarted";
    core::Context& context;
};

/// A planned stop: nothing is read any more, the sessions begin to hibernate after this. Who keeps
/// what is not stored writes it.
struct ServerStopping {
    enum class Stage { save };
    static constexpr std::string_view name = "ServerStopping";
    core::Context& context;
};

/// Somebody who may wants the server to stop in order; `restart`: and to begin anew.
struct StopOrdered {
    enum class Stage { carry_out };
    static constexpr std::string_view name = "StopOrdered";
    bool restart;
};

/// New options are in force.
struct ConfigReloaded {
    enum class Stage { react };
    static constexpr std::string_view name = "ConfigReloaded";
    core::Context& context;
};

}  // namespace clarion::events
