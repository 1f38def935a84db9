// Homes: where each partition of all addresses is at home: the one place that knows.
//
// Whatever has an address (an account, a component or remote domain that is one actor) lives on the
// shard that is the home of its partition (proto/partition.h), and is only ever touched there.
// Nobody else computes with numbers of shards. Does not change while the server runs. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/partition.h"

namespace clarion::core {

class Homes {
public:
    /// Spreads the partitions evenly. REQUIRES: at least one shard.
    explicit Homes(unsigned shards) {
        for (std::size_t i = 0; i < partition_count; ++i)
            shard_of_[i] = static_cast<std::uint16_t>(i % shards);
    }

    unsigned shard_of(Partition partition) const {
        return shard_of_[PartitionSet::index(partition)];
    }
    /// Of a bare JID, or of a domain that is one actor; prepared.
    unsigned shard_of(std::string_view address) const { return shard_of(partition_of(address)); }
    /// The partitions that are at home on that shard.
    PartitionSet partitions_of(unsigned shard) const {
        PartitionSet mine;
        for (std::size_t i = 0; i < partition_count; ++i)
            if (shard_of_[i] == shard) mine.add(static_cast<Partition>(i));
        return mine;
    }

private:
    std::array<std::uint16_t, partition_count> shard_of_{};
};

}  // namespace clarion::core
