#include "server/net/connection_counts.h"

namespace clarion::net {

std::optional<ConnectionCounts::Place> ConnectionCounts::admit(Kind kind,
                                                               const std::string& network,
                                                               Limits limits) {
    const auto reached = [](std::int64_t limit, std::int64_t count) {
        return limit != 0 && count >= limit;
    };
    const std::lock_guard lock(mutex_);
    Counts& counts = of(kind);
    if (reached(limits.unauthenticated, counts.unauthenticated)) return std::nullopt;
    const auto known = counts.by_network.find(network);
    if (known != counts.by_network.end() &&
        (reached(limits.per_network, known->second.all) ||
         reached(limits.unauthenticated_per_network, known->second.unauthenticated)))
        return std::nullopt;
    auto& mine =
        known != counts.by_network.end() ? *known : *counts.by_network.try_emplace(network).first;
    ++mine.second.all;
    ++mine.second.unauthenticated;
    ++counts.unauthenticated;
    return Place(shared_from_this(), kind, mine);
}

std::int64_t ConnectionCounts::unauthenticated(Kind kind) const {
    const std::lock_guard lock(mutex_);
    return counts_[static_cast<std::size_t>(kind)].unauthenticated;
}

void ConnectionCounts::Place::note_authenticated() {
    if (!std::exchange(unauthenticated_, false)) return;
    const std::lock_guard lock(counts_->mutex_);
    --counts_->of(kind_).unauthenticated;
    --network_->second.unauthenticated;
}

ConnectionCounts::Place::~Place() {
    if (!counts_) return;
    const std::lock_guard lock(counts_->mutex_);
    Counts& counts = counts_->of(kind_);
    if (unauthenticated_) {
        --counts.unauthenticated;
        --network_->second.unauthenticated;
    }
    if (--network_->second.all == 0) counts.by_network.erase(std::string(network_->first));
}

}  // namespace clarion::net
