// Events about the clients of an account: what is kept of each, and that one is signed out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}

namespace clarion::events {

/// What a module keeps for a client, which is known by its SASL2 user-agent id, else by its
/// resource (Session::device()).
struct KeptForClient {
    std::string client;
    std::string_view what;  // a word of the code: "push"
    std::string name;       // which one, for a person
    WallTime since{};
};

/// Somebody looks at the clients of an account: modules say what they keep for which.
struct ClientsSought {
    enum class Stage { add };
    static constexpr std::string_view name = "ClientsSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    std::vector<KeptForClient>& kept;
};

/// A client is signed out: whatever lets it in or reaches it without logging in goes. Who has
/// removed something counts it. Its sessions end next.
struct ClientSigningOut {
    enum class Stage { forget };
    static constexpr std::string_view name = "ClientSigningOut";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    std::string_view client;
    std::size_t removed = 0;
};

}  // namespace clarion::events
