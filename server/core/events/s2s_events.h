// Events about other domains.
#pragma once

#include <string_view>

#include "server/runtime/event_bus.h"

namespace clarion::core {
class Context;
}  // namespace clarion::core

namespace clarion::events {

/// A component attached, or an authenticated stream from or to that domain came up. Fired on the
/// domain's home shard.
struct DomainReachable {
    enum class Stage { react };
    static constexpr std::string_view name = "DomainReachable";
    core::Context& context;
    std::string_view domain;
};

}  // namespace clarion::events
