// PartitionScopes: where coroutines that act for an account run: one Scope for each partition that
// has any, so that all that act for those that leave a shard can be waited for and ended.
//
// A scope for each account would cost memory in each that ever needed one, and nothing ever ends
// the coroutines of one account alone: they look whether it is still there (AccountPin::alive).
// One per shard.
#pragma once

#include <unordered_map>

#include "proto/partition.h"
#include "server/runtime/scope.h"

namespace clarion::core {

class Shard;

class PartitionScopes {
public:
    explicit PartitionScopes(Shard& shard) : shard_(shard) {}

    Scope& of(Partition partition);
    /// Whether nothing runs in those of these.
    bool idle(const PartitionSet& partitions) const;
    /// Asks what runs there to end. What is begun there from now on has a new scope.
    void cancel(const PartitionSet& partitions);

private:
    Shard& shard_;
    std::unordered_map<Partition, Scope> scopes_;
};

}  // namespace clarion::core
