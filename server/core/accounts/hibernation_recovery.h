// What happens to hibernating and lost sessions when nobody is connected (docs/design/001-core.md,
// idea 4): loading, expiry, the planned stop, and what a crash left behind. What one session does
// is core/accounts/hibernation.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "proto/partition.h"
#include "storage/accounts.h"
#include "storage/deadlines.h"

namespace clarion::core {

class Account;
class Context;

/// Gives a freshly loaded account its hibernating sessions back; sessions a crash left `resumed`, and
/// those whose time ran out, end by the rules.
void restore_sessions(Account& account, const storage::AccountSnapshot& snapshot);

/// Accounts in these partitions that have hibernating sessions; in slices that let the shard work
/// in between. An account may come more than once. Storage errors: what is there is not known.
struct HibernatingPage {
    std::vector<std::string> accounts;        // bare JIDs
    std::optional<storage::Deadline> next{};  // where the next slice begins; nullopt: that was all
};
Task<Result<HibernatingPage>> read_hibernating(Context& context, PartitionSet partitions,
                                               std::optional<storage::Deadline> after);

/// How long after what could not be read it is tried again.
inline constexpr Duration unreadable_pause = std::chrono::minutes(1);

/// Once these partitions were acquired: fills AccountDirectory's knowledge of accounts with
/// hibernating sessions.
Task<> learn_hibernating(Context& context, PartitionSet partitions);

/// Runs as long as the shard: ends hibernating sessions whose time has come, from the time index in
/// storage, of all partitions that are here then.
Task<> watch_deadlines(Context& context);

/// Once these partitions were acquired from a home that died: tells contacts of sessions that were
/// live then and did not come back within the grace ([smacks] unavailable_grace).
Task<> clean_up_crashed_sessions(Context& context, PartitionSet partitions);

/// The planned stop: waits until what was accepted is stored, then makes every session hibernate
/// (or ends it) and returns when that is stored too. Nothing may be read any more.
Task<> hibernate_everybody(Context& context);

}  // namespace clarion::core
