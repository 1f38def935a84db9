#include "server/core/partitions.h"

namespace clarion::core {

using State = PartitionState;

Partitions::Partitions(const Homes& homes, unsigned shard) {
    const PartitionSet mine = homes.partitions_of(shard);
    arrive(mine, homes);
    open(mine);
}

void Partitions::enter(Partition partition, State state) {
    entries_[PartitionSet::index(partition)].state = state;
    if (state == State::here)
        here_.add(partition);
    else
        here_.remove(partition);
}

void Partitions::step(const PartitionSet& partitions, State from, State to) {
    partitions.for_each([&](Partition partition) {
        if (state(partition) == from) enter(partition, to);
    });
}

void Partitions::arrive(const PartitionSet& partitions, const Homes& homes) {
    partitions.for_each([&](Partition partition) {
        if (state(partition) != State::away) return;
        enter(partition, State::arriving);
        entries_[PartitionSet::index(partition)].epoch = homes.of(partition).epoch;
    });
}

void Partitions::open(const PartitionSet& partitions) {
    step(partitions, State::arriving, State::here);
}

void Partitions::close(const PartitionSet& partitions) {
    step(partitions, State::here, State::leaving);
}

void Partitions::leave(const PartitionSet& partitions) {
    step(partitions, State::leaving, State::away);
}

void Partitions::lose(const PartitionSet& partitions) {
    partitions.for_each([&](Partition partition) { enter(partition, State::away); });
}

}  // namespace clarion::core
