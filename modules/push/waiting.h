// WaitingList: the notifications that cannot leave for one service now, the newest state of each
// registration, in the order in which they began to wait. Pure; part of Service, on its shard.
//
// A gateway may be dead for days, and then everybody with a phone waits here: an entry keeps what
// is needed to compose the notification again and to judge its registration, not the account's
// name (storage knows it) nor a stanza. Nothing of it keeps the account in memory.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <unordered_set>

#include "modules/push/state.h"

namespace clarion::push {

struct RegistrationKey {
    storage::AccountId account = storage::AccountId::none;
    std::uint64_t registration = 0;
    bool operator==(const RegistrationKey&) const = default;
    struct Hash {
        std::size_t operator()(const RegistrationKey& key) const noexcept;
    };
};

struct WaitingItem {
    RegistrationKey key;
    std::uint64_t number = 0;  // and the other fields of Waiting
    WallTime caused{};
    storage::LogId log_id = storage::LogId::none;
    std::uint64_t offline_seq = 0;
    std::unique_ptr<QueueShare> queue{};
    LastingTime failing_since{};  // zero: it waits only for answers to others
    std::uint32_t failures = 0;   // ServiceLink::failures(), of which it has been told
    bool important = false;
    bool urgent = false;
    bool clear = false;

    explicit WaitingItem(const Notification& notification);
    /// For the publish_log.
    storage::PendingPublish pending() const;
    /// For Notifier::renew_stored().
    Waiting to_waiting() &&;
    /// This one is newer than `older`, which waited: it takes its place, but importance is not
    /// lost, and neither is what the older one has waited through.
    void replace(WaitingItem older);
};

/// Waiting items by their keys.
using WaitingPlace = std::pmr::list<WaitingItem>::iterator;
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
    void put(WaitingItem item);
    /// It came back: what waits already is newer, unless that came back before it.
    void put_back(WaitingItem item);
    /// Who waited longest; urgent ones first. REQUIRES: not empty.
    WaitingItem take();
    const WaitingItem* find(const RegistrationKey& key) const;
    std::optional<WaitingItem> remove(const RegistrationKey& key);
    /// Attempts up to `failures` have been added to the registration's record.
    void counted(const RegistrationKey& key, std::uint64_t failures);
    /// An attempt failed: those that waited only for answers fail from now.
    void note_failing(LastingTime now);

    bool empty() const { return kept_->items.empty(); }
    std::size_t size() const { return kept_->items.size(); }
    auto begin() const { return kept_->items.cbegin(); }
    auto end() const { return kept_->items.cend(); }

private:
    WaitingItem take_out(WaitingPlace place);

    void forget_if_empty();

    /// Entries live close together, in memory of their own: scattered among accounts that come and
    /// go, each would keep a page of theirs from being given back.
    struct Kept {
        std::pmr::unsynchronized_pool_resource pool;
        std::pmr::list<WaitingItem> items{&pool};
        std::pmr::unordered_set<WaitingPlace, WaitingPlaceHash, SameWaitingPlace> index{&pool};
    };
    std::unique_ptr<Kept> kept_ = std::make_unique<Kept>();
    std::size_t most_ = 0;
};

}  // namespace clarion::push
