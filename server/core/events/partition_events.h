// Events of partitions that come to a shard and leave it (docs/design/003-homes.md). Facts, fired
// on that shard.
#pragma once

#include <string_view>

#include "proto/partition.h"

namespace clarion::core {
class Context;
}  // namespace clarion::core

namespace clarion::events {

/// Addresses of these partitions live here from now on: at the start of the server, after a move,
/// or after their last home was lost. Who keeps something under keys of theirs takes it up.
struct PartitionsAcquired {
    enum class Stage { recover };
    static constexpr std::string_view name = "PartitionsAcquired";
    core::Context& context;
    const PartitionSet& partitions;
    /// Their last home left nothing half done; else it may have died with all it had in memory.
    bool released_in_order;
};

/// None of their actors is in memory any more, and all they wrote is durable. Who still keeps
/// something of theirs in memory drops it, or writes it now: their next home finds it in storage.
struct PartitionsReleased {
    enum class Stage { hand_over };
    static constexpr std::string_view name = "PartitionsReleased";
    core::Context& context;
    const PartitionSet& partitions;
};

/// Somebody else has them, as far as this shard knows: whoever keeps something of theirs drops it,
/// and neither writes nor sends.
struct PartitionsLost {
    enum class Stage { drop };
    static constexpr std::string_view name = "PartitionsLost";
    core::Context& context;
    const PartitionSet& partitions;
};

}  // namespace clarion::events
