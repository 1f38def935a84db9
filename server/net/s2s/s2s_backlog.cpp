#include "server/net/s2s/s2s_backlog.h"

#include <algorithm>

namespace clarion::net {

void S2sBacklogOptions::declare(OptionTable<S2sBacklogOptions>& t) {
    t.joins("s2s");
    t.add("max_queued_bytes_total", &S2sBacklogOptions::max_queued_bytes_total)
        .min(1 << 20)
        .unit("bytes")
        .live()
        .doc(
            "What may wait for all remote domains together, of each worker. One sender, or one "
            "domain, has a third of what is left of it, so a quarter if nobody else has anything; "
            "more is returned with resource-constraint.");
}

void S2sBacklog::add(const Stanza& stanza) {
    const std::size_t cost = stanza.cost();
    const std::string_view sender = stanza.from().bare();
    auto mine = by_sender_.find(sender);
    if (mine == by_sender_.end()) mine = by_sender_.try_emplace(std::string(sender)).first;
    mine->second += cost;
    bytes_ += cost;
}

void S2sBacklog::remove(const Stanza& stanza) {
    const std::size_t cost = stanza.cost();
    const auto mine = by_sender_.find(stanza.from().bare());
    if ((mine->second -= cost) == 0) by_sender_.erase(mine);
    bytes_ -= cost;
}

bool S2sBacklog::has_room(const Stanza& stanza, std::size_t link_bytes, std::size_t limit) const {
    const std::size_t share = bytes_ < limit ? (limit - bytes_) / 3 : 0;
    const auto mine = by_sender_.find(stanza.from().bare());
    const std::size_t held = mine == by_sender_.end() ? 0 : mine->second;
    return std::max(held, link_bytes) + stanza.cost() <= share;
}

}  // namespace clarion::net
