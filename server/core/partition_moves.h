// How partitions come to a shard and leave it (docs/design/003-homes.md).
#pragma once

#include "proto/partition.h"

namespace clarion::core {

class Core;

/// These partitions are this shard's from now on, on which it runs: they are opened, what is found
/// by time or must be recovered is read from storage, and events::PartitionsAcquired is fired.
/// `released_in_order`: as there.
void acquire(Core& core, const PartitionSet& partitions, bool released_in_order);

}  // namespace clarion::core
