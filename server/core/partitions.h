// Partitions: what each partition is to this shard, as a table of states without any effect.
//
//     away ──arrive──> arriving ──open──> here ──close──> leaving ──leave──> away
//       ^                  └───────────lose (from any)───────┴──────────────────┘
//
// Homes says where a partition is for all the process; this says how far this shard is with one that
// comes or goes. Only what is `here` may be loaded, written or sent for. One per shard, on its
// thread. What happens with a change of state is core/partition_moves.h.
#pragma once

#include <array>
#include <cstdint>

#include "proto/partition.h"
#include "server/core/homes.h"

namespace clarion::core {

enum class PartitionState : std::uint8_t {
    away,      // somebody else's, or nobody's
    arriving,  // to be this shard's: what comes for it is held until its last home has said it all
    here,
    leaving,  // being released: what comes for it is parked, to follow it to its next home
};

class Partitions {
public:
    /// Those at home on that shard are here from the start.
    Partitions(const Homes& homes, unsigned shard);

    PartitionState state(Partition partition) const {
        return entries_[PartitionSet::index(partition)].state;
    }
    bool is_here(Partition partition) const { return state(partition) == PartitionState::here; }
    /// Of its newest time here, or arriving; 0: it never was.
    std::uint32_t epoch(Partition partition) const {
        return entries_[PartitionSet::index(partition)].epoch;
    }
    /// Those that are here.
    const PartitionSet& here() const { return here_; }

    // Steps. A partition that is in another state than the step begins with is left as it is.
    void arrive(const PartitionSet& partitions, const Homes& homes);
    void open(const PartitionSet& partitions);
    void close(const PartitionSet& partitions);
    void leave(const PartitionSet& partitions);
    /// From whatever state: away.
    void lose(const PartitionSet& partitions);

private:
    struct Entry {
        std::uint32_t epoch = 0;
        PartitionState state = PartitionState::away;
    };
    void step(const PartitionSet& partitions, PartitionState from, PartitionState to);
    void enter(Partition partition, PartitionState state);

    std::array<Entry, partition_count> entries_{};
    PartitionSet here_;
};

}  // namespace clarion::core
