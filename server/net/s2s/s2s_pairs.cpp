#include "server/net/s2s/s2s_pairs.h"

#include <iterator>

namespace clarion::net {

void S2sPairOptions::declare(OptionTable<S2sPairOptions>& t) {
    t.joins("s2s");
    t.add("max_incoming_streams", &S2sPairOptions::max_incoming_streams)
        .min(1)
        .live()
        .doc(
            "Authenticated streams that one remote domain may have open to one of ours; one more "
            "ends the oldest with conflict.");
}

S2sPairs::Place S2sPairs::take(const std::string& pair, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    Pair& mine = *pairs_.try_emplace(pair).first;
    std::list<Held>& all = mine.second;
    while (!all.empty() && all.size() >= limit) {
        all.front().lost = true;
        lost_.splice(lost_.end(), all, all.begin());
    }
    Held& held = all.emplace_back();
    held.self = std::prev(all.end());
    return Place(shared_from_this(), mine, held);
}

/// A pair goes with its last place: the newest is never lost, so that outlives those that are.
S2sPairs::Place::~Place() {
    if (!pairs_) return;
    const std::lock_guard lock(pairs_->mutex_);
    if (held_->lost) {
        pairs_->lost_.erase(held_->self);
        return;
    }
    pair_->second.erase(held_->self);
    if (pair_->second.empty()) pairs_->pairs_.erase(std::string(pair_->first));
}

}  // namespace clarion::net
