#include "modules/pubsub/item_page.h"

#include <algorithm>

namespace clarion::pubsub {

namespace {

/// Where the page must lie: [from, to), and at which end it begins.
struct Bounds {
    std::size_t from = 0;
    std::size_t to = 0;
    bool from_end = false;
};

Refusal not_there() { return {{StanzaErrorCondition::item_not_found, "no such item"}}; }

std::variant<Bounds, Refusal> bounds_of(const ItemList& items, const RsmRequest& rsm) {
    Bounds bounds{.to = items.size(), .from_end = !rsm.present};
    if (rsm.index) bounds.from = std::min<std::size_t>(*rsm.index, items.size());
    if (rsm.after) {
        const std::size_t at = items.find(*rsm.after);
        if (at == items.size()) return not_there();
        bounds.from = at + 1;
    }
    if (!rsm.before) return bounds;
    bounds.from_end = !rsm.after;
    if (rsm.wants_last_page()) return bounds;
    const std::size_t at = items.find(*rsm.before);
    if (at == items.size()) return not_there();
    bounds.to = std::max(at, bounds.from);
    return bounds;
}

/// How many of the items from that end are not too many bytes.
std::size_t fitting(const ItemList& items, const Bounds& bounds, std::size_t limit,
                    std::uint64_t most_bytes) {
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    while (count < limit && count < bounds.to - bounds.from) {
        const std::size_t at = bounds.from_end ? bounds.to - count - 1 : bounds.from + count;
        bytes += items[at].bytes;
        if (bytes > most_bytes && count > 0) break;
        ++count;
    }
    return count;
}

}  // namespace

std::variant<ItemPage, Refusal> choose_page(const ItemList& items, const GetItems& wanted,
                                            std::uint64_t most_bytes) {
    const auto found = bounds_of(items, wanted.rsm);
    if (const auto* refused = std::get_if<Refusal>(&found)) return *refused;
    const Bounds& bounds = std::get<Bounds>(found);
    std::size_t limit = items.size();
    if (wanted.max_items) limit = std::min<std::size_t>(limit, *wanted.max_items);
    if (wanted.rsm.max) limit = std::min<std::size_t>(limit, *wanted.rsm.max);
    ItemPage page;
    page.count = fitting(items, bounds, limit, most_bytes);
    page.first = bounds.from_end ? bounds.to - page.count : bounds.from;
    page.tell = wanted.rsm.present || page.count < std::min(limit, items.size());
    return page;
}

RsmAnswer describe(const ItemList& all, const ItemPage& page) {
    RsmAnswer answer{.count = static_cast<std::uint32_t>(all.size())};
    if (page.count == 0) return answer;
    answer.first = all[page.first].id;
    answer.last = all[page.first + page.count - 1].id;
    answer.index = static_cast<std::uint32_t>(page.first);
    return answer;
}

}  // namespace clarion::pubsub
