#include "server/net/connection_counts.h"

#include <iterator>

namespace clarion::net {

namespace {

/// What may come at once: a household or an office whose line is back.
constexpr std::int64_t seconds_at_once = 4;

}  // namespace

void ConnectionLimits::declare(OptionTable<ConnectionLimits>& t) {
    t.joins("limits");
    t.add("new_connections_per_second", &ConnectionLimits::new_connections_per_second)
        .min(0)
        .doc(
            "Connections of clients and servers from one IP address (of IPv6: one /64 network) "
            "that are taken, on average; four seconds' worth may come at once, more are closed "
            "before a TLS handshake costs anything.");
    t.add("component_connections_per_address", &ConnectionLimits::component_connections_per_address)
        .min(0)
        .doc(
            "Connections of components from one IP address (of IPv6: one /64 network) that may be "
            "open at a time.");
    t.add("strangers_per_turn", &ConnectionLimits::strangers_per_turn)
        .min(1)
        .max(1000)
        .unit("connections")
        .doc(
            "Of connections that are new, not yet authenticated, or lost, so many are served "
            "before those who are logged in have their turn again. More costs those time when "
            "thousands connect in one moment.");
    t.add("unauthenticated_bytes", &ConnectionLimits::unauthenticated_bytes)
        .min(16384)
        .max(16 << 20)
        .unit("bytes")
        .doc(
            "Read in all from a connection until it is authenticated, white space included, and "
            "once more after the server has ended its stream.");
}

std::optional<ConnectionCounts::Place> ConnectionCounts::admit(Kind kind,
                                                               const std::string& network,
                                                               Limits limits) {
    const auto reached = [](std::int64_t limit, std::int64_t count) {
        return limit != 0 && count >= limit;
    };
    const std::lock_guard lock(mutex_);
    Counts& counts = of(kind);
    const auto known = counts.by_network.find(network);
    const bool is_known = known != counts.by_network.end();
    const std::size_t waiting = is_known ? known->second.waiting.size() : 0;
    if (is_known &&
        (reached(limits.per_network, known->second.all) ||
         reached(limits.unauthenticated_per_network, static_cast<std::int64_t>(waiting))))
        return std::nullopt;
    if (!arrivals_.take(network, limits.now, {limits.new_per_second, seconds_at_once}))
        return std::nullopt;
    if (reached(limits.unauthenticated, counts.unauthenticated) &&
        (kind == Kind::question || !displace(counts, waiting)))
        return std::nullopt;
    auto& mine = is_known
                     ? *known
                     : *counts.by_network.try_emplace(network, Place::Held{.kind = kind}).first;
    ++mine.second.all;
    return Place(shared_from_this(), mine, begin_waiting(counts, mine));
}

/// `network` had `before` that wait.
void ConnectionCounts::rank(Counts& counts, Place::Network& network, std::size_t before) {
    const std::size_t now = network.second.waiting.size();
    auto node = counts.by_waiting.extract({before, &network});
    if (now == 0) return;
    if (!node) {
        counts.by_waiting.emplace(now, &network);
        return;
    }
    node.value().first = now;
    counts.by_waiting.insert(std::move(node));
}

ConnectionCounts::Place::Waiting& ConnectionCounts::begin_waiting(Counts& counts,
                                                                  Place::Network& network) {
    auto& all = network.second.waiting;
    Place::Waiting& waiting = all.emplace_back();
    waiting.self = std::prev(all.end());
    ++counts.unauthenticated;
    rank(counts, network, all.size() - 1);
    return waiting;
}

void ConnectionCounts::end_waiting(Counts& counts, Place::Network& network,
                                   Place::Waiting& waiting) {
    auto& all = network.second.waiting;
    if (waiting.lost) {
        counts.lost.erase(waiting.self);
        return;
    }
    all.erase(waiting.self);
    --counts.unauthenticated;
    rank(counts, network, all.size() + 1);
}

/// For a network that has `mine`, the one that has most loses its oldest. Not if that would only
/// turn them round: so what a network began has the time to come to its end.
bool ConnectionCounts::displace(Counts& counts, std::size_t mine) {
    if (counts.by_waiting.empty()) return false;
    const auto [most, network] = *counts.by_waiting.rbegin();
    if (most <= mine + 1) return false;
    auto& all = network->second.waiting;
    Place::Waiting& oldest = all.front();
    oldest.lost = true;
    counts.lost.splice(counts.lost.end(), all, oldest.self);
    --counts.unauthenticated;
    rank(counts, *network, most);
    return true;
}

std::int64_t ConnectionCounts::unauthenticated(Kind kind) const {
    const std::lock_guard lock(mutex_);
    return counts_[static_cast<std::size_t>(kind)].unauthenticated;
}

void ConnectionCounts::Place::note_authenticated() {
    if (!waiting_) return;
    const std::lock_guard lock(counts_->mutex_);
    end_waiting(counts_->of(network_->second.kind), *network_, *std::exchange(waiting_, nullptr));
}

ConnectionCounts::Place::~Place() {
    if (!counts_) return;
    const std::lock_guard lock(counts_->mutex_);
    Counts& counts = counts_->of(network_->second.kind);
    if (waiting_) end_waiting(counts, *network_, *waiting_);
    if (--network_->second.all == 0) counts.by_network.erase(std::string(network_->first));
}

}  // namespace clarion::net
