#include "server/core/address/partition_scopes.h"

#include "server/runtime/shard.h"

namespace clarion::core {

Scope& PartitionScopes::of(Partition partition) {
    return scopes_.try_emplace(partition, shard_.executor()).first->second;
}

bool PartitionScopes::idle(const PartitionSet& partitions) const {
    for (const auto& [partition, scope] : scopes_)
        if (partitions.contains(partition) && scope.running() > 0) return false;
    return true;
}

void PartitionScopes::cancel(const PartitionSet& partitions) {
    for (auto& [partition, scope] : scopes_)
        if (partitions.contains(partition)) scope.cancel();
    std::erase_if(scopes_, [&](const auto& each) { return partitions.contains(each.first); });
}

}  // namespace clarion::core
