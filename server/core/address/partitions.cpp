#include "server/core/address/partitions.h"

namespace clarion::core {

using State = PartitionState;

Partitions::Partitions(const Homes& homes, unsigned shard) {
    const PartitionSet mine = homes.partitions_of(shard);
    arrive(mine);
    open(mine);
}

void Partitions::enter(Partition partition, State state) {
    states_[PartitionSet::index(partition)] = state;
    if (delivers(partition))
        here_.add(partition);
    else
        here_.remove(partition);
}

void Partitions::step(const PartitionSet& partitions, State from, State to) {
    partitions.for_each([&](Partition partition) {
        if (state(partition) == from) enter(partition, to);
    });
}

void Partitions::arrive(const PartitionSet& partitions) {
    step(partitions, State::away, State::arriving);
}

void Partitions::open(const PartitionSet& partitions) {
    step(partitions, State::arriving, State::here);
}

void Partitions::drain(const PartitionSet& partitions) {
    step(partitions, State::here, State::draining);
}

void Partitions::close(const PartitionSet& partitions) {
    step(partitions, State::draining, State::leaving);
}

void Partitions::leave(const PartitionSet& partitions) {
    step(partitions, State::leaving, State::away);
}

void Partitions::reopen(const PartitionSet& partitions) {
    step(partitions, State::draining, State::here);
    step(partitions, State::leaving, State::here);
}

void Partitions::lose(const PartitionSet& partitions) {
    partitions.for_each([&](Partition partition) { enter(partition, State::away); });
}

}  // namespace clarion::core
