#include "server/net/connection_counts.h"

#include <algorithm>
#include <chrono>

namespace clarion::net {

namespace {

/// What may come at once: a household or an office whose line is back.
constexpr double seconds_at_once = 4;
constexpr std::size_t most_networks = 50000;

double refilled(double left, SteadyTime since, SteadyTime now, std::int64_t per_second) {
    const double seconds = std::chrono::duration<double>(now - since).count();
    const auto rate = static_cast<double>(per_second);
    return std::min(left + seconds * rate, seconds_at_once * rate);
}

}  // namespace

void ConnectionLimits::declare(OptionTable<ConnectionLimits>& t) {
    t.joins("limits");
    t.add("new_connections_per_second", &ConnectionLimits::new_connections_per_second)
        .min(0)
        .doc(
            "Connections of clients and servers from one IP address (of IPv6: one /64 network) "
            "that are taken, on average; four seconds' worth may come at once, more are closed "
            "before a TLS handshake costs anything.");
}

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
    if (limits.new_per_second != 0 && !may_come(network, limits)) return std::nullopt;
    auto& mine =
        known != counts.by_network.end() ? *known : *counts.by_network.try_emplace(network).first;
    ++mine.second.all;
    ++mine.second.unauthenticated;
    ++counts.unauthenticated;
    return Place(shared_from_this(), kind, mine);
}

bool ConnectionCounts::may_come(const std::string& network, const Limits& limits) {
    if (arrivals_.size() >= most_networks) make_room(limits);
    const auto full = seconds_at_once * static_cast<double>(limits.new_per_second);
    Allowance& mine = arrivals_.try_emplace(network, Allowance{full, limits.now}).first->second;
    mine.left = refilled(mine.left, mine.at, limits.now, limits.new_per_second);
    mine.at = limits.now;
    if (mine.left < 1) return false;
    --mine.left;
    return true;
}

/// Who has all of theirs again need not be known. If everybody comes at once, all are forgotten:
/// each of them came seldom.
void ConnectionCounts::make_room(const Limits& limits) {
    const auto full = seconds_at_once * static_cast<double>(limits.new_per_second);
    std::erase_if(arrivals_, [&](const auto& entry) {
        const Allowance& one = entry.second;
        return refilled(one.left, one.at, limits.now, limits.new_per_second) >= full;
    });
    if (arrivals_.size() >= most_networks) arrivals_.clear();
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
