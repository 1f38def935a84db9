// Partitions: what each partition is to this shard, as a table of states without any effect.
//
//     away ──arrive──> arriving ──open──> here ──drain──> draining ──close──> leaving ──leave──> away
//       ^                 │                ^ └─────────────reopen─┴──────────────┘│
//       └─────────────────┴──────────── lose, from any of them ──────────────────┘
//
// Homes says where a partition is for all the process; this says how far this shard is with one that
// comes or goes. Only what is here (or still drains) may be loaded, written or sent for. One per
// shard, on its thread. What happens with a change of state is core/setup/partition_moves.h.
#pragma once

#include <array>
#include <cstdint>

#include "proto/partition.h"
#include "server/core/address/homes.h"

namespace clarion::core {

enum class PartitionState : std::uint8_t {
    away,      // somebody else's, or nobody's
    arriving,  // to be this shard's: what comes for it is held until its last home has said it all
    leaving,   // being released: what comes for it is held, to follow it to its next home
    draining,  // being released: its sessions end, nobody begins one, all else goes on
    here,
};

class Partitions {
public:
    /// Those at home on that shard are here from the start.
    Partitions(const Homes& homes, unsigned shard);

    PartitionState state(Partition partition) const {
        return states_[PartitionSet::index(partition)];
    }
    /// Whether a session may begin or be resumed here.
    bool is_here(Partition partition) const { return state(partition) == PartitionState::here; }
    /// Whether what comes for it is delivered here.
    bool delivers(Partition partition) const {
        return state(partition) >= PartitionState::draining;
    }
    /// Those that deliver.
    const PartitionSet& here() const { return here_; }

    // Steps. A partition that is in another state than the step begins with is left as it is.
    void arrive(const PartitionSet& partitions);
    void open(const PartitionSet& partitions);
    void drain(const PartitionSet& partitions);
    void close(const PartitionSet& partitions);
    void leave(const PartitionSet& partitions);
    /// They could not be released: draining or leaving, they are here again.
    void reopen(const PartitionSet& partitions);
    /// From whatever state: away.
    void lose(const PartitionSet& partitions);

private:
    void step(const PartitionSet& partitions, PartitionState from, PartitionState to);
    void enter(Partition partition, PartitionState state);

    std::array<PartitionState, partition_count> states_{};
    PartitionSet here_;
};

}  // namespace clarion::core
