// How partitions come to a shard and leave it (docs/design/003-homes.md).
//
//     release   on the last home: its sessions hibernate or end, what is under way is waited for,
//               all is stored and evicted; what comes meanwhile is held
//     hand over Homes names the next home; what was held, and what the shards sent before they knew,
//               follows in order, and then the next home delivers what was sent there directly
//     lose      instead of a release: all is dropped
//
// One move or one loss goes on at a time in the whole process (Homes::begin_change()), from whatever
// shard it was started.
#pragma once

#include "base/result.h"
#include "base/task.h"
#include "proto/partition.h"

namespace clarion::core {

class Context;

/// Moves these partitions to that shard, wherever they are: they are released in order where
/// somebody has them. Clients whose session may hibernate are cut off and resume there; the others
/// are told to connect again. Durable when it returns. Error: "conflict" (partitions are being moved
/// already, or some could not be released: they stay where they are).
Task<Result<>> move_partitions(Context& here, PartitionSet partitions, unsigned to);

/// These partitions are not this process's any more, whatever is under way: nothing is written or
/// sent for them from now on, and what comes for them is held until they are moved to a shard that
/// acquires them as after a crash. A move that is under way waits for nothing any more, and ends
/// before.
Task<> lose_partitions(Context& here, PartitionSet partitions);

/// These partitions are this shard's from now on, on which it runs: they are opened, what is found
/// by time or must be recovered is read from storage, and events::PartitionsAcquired is fired.
/// `released_in_order`: as there.
void acquire(Context& context, const PartitionSet& partitions, bool released_in_order);

}  // namespace clarion::core
