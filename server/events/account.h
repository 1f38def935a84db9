// Events in the life of an account in memory and in storage.
#pragma once

#include <string_view>

#include "server/core/account.h"
#include "server/core/event_bus.h"

namespace clarion::events {

/// Just loaded: modules fill their slots from the snapshot.
struct AccountLoaded {
    enum class Stage { load };
    static constexpr std::string_view name = "AccountLoaded";
    core::Account& account;
    const storage::AccountSnapshot& snapshot;
};

/// May it be put away now? Stop: no (a push is owed and not yet stored, ...).
struct AccountPuttingAway {
    enum class Stage { ask };
    static constexpr std::string_view name = "AccountPuttingAway";
    using Result = core::Flow;
    core::Account& account;
};

/// The account is being deleted: drop what is pending for it. Its sessions have ended.
struct AccountDeleted {
    enum class Stage { drop };
    static constexpr std::string_view name = "AccountDeleted";
    core::Account& account;
};

}  // namespace clarion::events
