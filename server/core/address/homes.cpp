#include "server/core/address/homes.h"

namespace clarion::core {

Homes::Homes(unsigned shards)
    : homes_(std::make_unique<std::atomic<std::uint64_t>[]>(partition_count)) {
    for (std::size_t i = 0; i < partition_count; ++i)
        homes_[i].store(pack({static_cast<unsigned>(i % shards), 1}), std::memory_order_relaxed);
}

PartitionSet Homes::partitions_of(unsigned shard) const {
    PartitionSet mine;
    PartitionSet::all().for_each([&](Partition partition) {
        if (shard_of(partition) == shard) mine.add(partition);
    });
    return mine;
}

void Homes::move(const PartitionSet& partitions, unsigned shard) {
    partitions.for_each([&](Partition partition) {
        homes_[PartitionSet::index(partition)].store(pack({shard, of(partition).epoch + 1}),
                                                     std::memory_order_release);
    });
}

}  // namespace clarion::core
