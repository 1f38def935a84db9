#include "modules/pubsub/item_list.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace clarion::pubsub {

namespace {

std::uint64_t hash_of(std::string_view id) { return std::hash<std::string_view>()(id); }

}  // namespace

ItemList::ItemList(std::vector<ItemEntry> entries) : entries_(std::move(entries)) { count_all(); }

ItemList::Place ItemList::place_of(const ItemEntry& entry) {
    return {hash_of(entry.id), entry.seq};
}

void ItemList::count_all() {
    bytes_ = 0;
    by_id_.clear();
    by_id_.reserve(size());
    for (const ItemEntry& entry : *this) {
        bytes_ += entry.bytes;
        by_id_.push_back(place_of(entry));
    }
    std::sort(by_id_.begin(), by_id_.end());
}

std::size_t ItemList::index_of(std::uint64_t seq) const {
    const auto* at = std::lower_bound(
        begin(), end(), seq,
        [](const ItemEntry& entry, std::uint64_t wanted) { return entry.seq < wanted; });
    return static_cast<std::size_t>(at - begin());
}

std::size_t ItemList::find(std::string_view id) const {
    const Place last{hash_of(id), static_cast<std::uint64_t>(-1)};
    auto at = std::upper_bound(by_id_.begin(), by_id_.end(), last);
    while (at != by_id_.begin() && (--at)->hash == last.hash) {
        const std::size_t index = index_of(at->seq);
        if ((*this)[index].id == id) return index;
    }
    return size();
}

void ItemList::add(ItemEntry entry) {
    const Place place = place_of(entry);
    by_id_.insert(std::lower_bound(by_id_.begin(), by_id_.end(), place), place);
    bytes_ += entry.bytes;
    entries_.push_back(std::move(entry));
}

void ItemList::forget(const ItemEntry& entry) {
    by_id_.erase(std::lower_bound(by_id_.begin(), by_id_.end(), place_of(entry)));
    bytes_ -= entry.bytes;
}

void ItemList::remove(std::size_t index) {
    forget((*this)[index]);
    if (index > 0) {
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(gone_ + index));
        return;
    }
    entries_[gone_++] = {};
    if (gone_ * 2 >= entries_.size()) close_gap();
}

void ItemList::close_gap() {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(gone_));
    gone_ = 0;
}

void ItemList::clear() { *this = ItemList(); }

}  // namespace clarion::pubsub
