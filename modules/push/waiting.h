// WaitingList: the notifications that cannot leave for one service now, the newest state of each
// registration, in the order in which they began to wait. Pure; part of Service, on its shard.
// Nothing of it keeps an account in memory.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <unordered_set>

#include "modules/push/pending_notification.h"

namespace clarion::push {

/// What waits, by its key.
using WaitingPlace = std::pmr::list<StoredNotification>::iterator;
struct WaitingPlaceHash {
    using is_transparent = void;
    std::size_t operator()(WaitingPlace place) const noexcept;
    std::size_t operator()(const RegistrationKey& key) const noexcept;
};
struct SameWaitingPlace {
    using is_transparent = void;
    bool operator()(WaitingPlace a, WaitingPlace b) const { return a->key == b->key; }
    bool operator()(WaitingPlace a, const RegistrationKey& b) const { return a->key == b; }
    bool operator()(const RegistrationKey& a, WaitingPlace b) const { return a == b->key; }
};

class WaitingList {
public:
    /// As the newest state of its registration.
    void put(StoredNotification stored);
    /// It came back: what waits already is newer, unless that came back before it.
    void put_back(StoredNotification stored);
    /// Who waited longest; urgent ones first. REQUIRES: not empty.
    StoredNotification take();
    const StoredNotification* find(const RegistrationKey& key) const;
    std::optional<StoredNotification> remove(const RegistrationKey& key);
    void remove(const PartitionSet& partitions);
    /// Attempts up to `failures` have been added to the registration's record.
    void counted(const RegistrationKey& key, std::uint64_t failures);
    /// An attempt failed: those that waited only for answers fail from now.
    void note_failing(LastingTime now);

    bool empty() const { return kept_->items.empty(); }
    std::size_t size() const { return kept_->items.size(); }
    auto begin() const { return kept_->items.cbegin(); }
    auto end() const { return kept_->items.cend(); }

private:
    StoredNotification take_out(WaitingPlace place);

    void forget_if_empty();

    /// Entries live close together, in memory of their own: scattered among accounts that come and
    /// go, each would keep a page of theirs from being given back.
    struct Kept {
        std::pmr::unsynchronized_pool_resource pool;
        std::pmr::list<StoredNotification> items{&pool};
        std::pmr::unordered_set<WaitingPlace, WaitingPlaceHash, SameWaitingPlace> index{&pool};
    };
    std::unique_ptr<Kept> kept_ = std::make_unique<Kept>();
    std::size_t most_ = 0;
};

}  // namespace clarion::push
