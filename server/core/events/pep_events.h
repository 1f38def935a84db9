// Events of an account's own nodes (XEP-0163).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/jid.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}  // namespace clarion::core

namespace clarion::events {

/// A node of the account changed, and that is durable. Who listens to it is told before those who
/// are subscribed.
struct PepNodeChanged {
    enum class Stage { react };
    static constexpr std::string_view name = "PepNodeChanged";
    enum class What { published, retracted, purged, deleted, configured };
    struct Item {
        std::string id{};
        std::string payload{};  // XML; empty: none, or it was retracted
    };
    core::Account& account;
    std::string_view node;
    What what;
    const Jid& by;  // who asked for it; the account's bare address: the server, in its name
    const std::vector<Item>& items;  // that were published or retracted, in order
};

/// Whether an account has any nodes: asked before a request that costs more. Who keeps nodes sets it.
struct PepNodesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "PepNodesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    bool found = false;
};

}  // namespace clarion::events
