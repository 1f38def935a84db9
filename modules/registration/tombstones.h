// Tombstones: the names of deleted accounts, which nobody takes from a client for a time ([auth]
// reserve_deleted_names). Contacts who missed the deletion would take a newcomer for the old owner.
//
// A tombstone is an actor in storage with the account's address and one entry, so it has a home
// like the account, and is in backups. It is never loaded: a probe is answered as by any name
// without an account, unsubscribed. It is written behind the account's deletion, and a crash in
// between leaves the name free. The administrator may make the account again at any time.
#pragma once

#include <string>
#include <string_view>

#include "base/task.h"
#include "server/core/events/account_events.h"
#include "server/core/setup/module.h"
#include "storage/owners.h"

namespace clarion::registration {

/// When those are looked for whose time is over: this long after the start, then at intervals.
inline constexpr Duration first_clearing = std::chrono::minutes(10);
inline constexpr Duration clearing_interval = std::chrono::hours(24);

/// The key of the entry.
inline constexpr std::string_view tombstone_key = "deleted";

/// Whether nobody may take the name of this bare address yet. Any shard. Storage errors.
Task<Result<bool>> has_tombstone(core::Context& context, std::string address);

/// One per shard.
class Tombstones {
public:
    explicit Tombstones(core::ModuleSetup& setup);

    void on_deleted(const events::AccountDeleted& event);
    /// Removes those at home here whose time is over, as long as the shard runs.
    Task<> clear_away() const;

private:
    Task<> set_up(std::string address);
    Task<Result<bool>> clear_some(std::string host, std::string& after) const;
    Task<Result<>> clear_one(std::string address) const;
    storage::Owners& owners() const;

    core::Context& context_;
    core::StoredSpace entries_;
};

}  // namespace clarion::registration
