// ItemList: the items of a node that are kept, without what was published, in the order of
// publishing, and found by id without looking at all of them.
//
// A plain value. What it keeps beside an entry is 16 bytes: the hash of its id, and its number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace clarion::pubsub {

/// An item without what was published: that is read when it is asked for.
struct ItemEntry {
    std::uint64_t seq = 0;  // the order of publishing within the node
    std::string id;
    std::string publisher;  // bare; empty: the owner
    std::uint32_t bytes = 0;
    /// 0 in entries of older servers, until it has been read from the item (Node::undated).
    WallTime published{};
};

class ItemList {
public:
    ItemList() = default;
    /// REQUIRES: in the order of their numbers, no two of which are the same.
    explicit ItemList(std::vector<ItemEntry> entries);

    std::size_t size() const { return entries_.size() - gone_; }
    bool empty() const { return size() == 0; }
    const ItemEntry& operator[](std::size_t index) const { return entries_[gone_ + index]; }
    const ItemEntry* begin() const { return entries_.data() + gone_; }
    const ItemEntry* end() const { return entries_.data() + entries_.size(); }
    const ItemEntry& front() const { return (*this)[0]; }
    const ItemEntry& back() const { return entries_.back(); }
    /// Of all items.
    std::uint64_t bytes() const { return bytes_; }
    /// size(): there is none of that id. Of several, which older servers may have, the newest.
    std::size_t find(std::string_view id) const;

    /// REQUIRES: its number is higher than all others.
    void add(ItemEntry entry);
    void remove(std::size_t index);
    void clear();
    void set_published(std::size_t index, WallTime published) {
        entries_[gone_ + index].published = published;
    }
    /// In their order. How many there were.
    template <class Predicate>
    std::size_t remove_if(Predicate is_gone);

private:
    struct Place {
        std::uint64_t hash = 0;
        std::uint64_t seq = 0;
        auto operator<=>(const Place&) const = default;
    };
    static Place place_of(const ItemEntry& entry);
    std::size_t index_of(std::uint64_t seq) const;
    void forget(const ItemEntry& entry);
    void close_gap();
    void count_all();

    /// The oldest go most often: they leave a gap, which is closed now and then.
    std::vector<ItemEntry> entries_;
    std::size_t gone_ = 0;
    std::vector<Place> by_id_;  // sorted
    std::uint64_t bytes_ = 0;
};

template <class Predicate>
std::size_t ItemList::remove_if(Predicate is_gone) {
    close_gap();
    const std::size_t count = std::erase_if(entries_, is_gone);
    if (count > 0) count_all();
    return count;
}

}  // namespace clarion::pubsub
