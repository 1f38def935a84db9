// Intervals: when each registration at one service may be notified again, and the newest state that
// is held back until then: [push] min_interval. Pure; part of Service,
// on its shard. It does not keep accounts in memory.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "modules/push/waiting.h"

namespace clarion::push {

class Intervals {
public:
    /// A publish leaves: the next one not before `until`.
    void sent(const RegistrationKey& key, SteadyTime now, SteadyTime until);
    /// It did not arrive: the next one may go at once.
    void not_sent(const RegistrationKey& key);
    /// Until when it must wait; nullopt: not at all.
    std::optional<SteadyTime> closed_until(const RegistrationKey& key, SteadyTime now) const;

    /// Keeps it as the newest state. True: the first one, somebody must release() it.
    bool hold(StoredNotification stored);
    std::optional<StoredNotification> release(const RegistrationKey& key);
    /// What is held; nullptr: nothing.
    const StoredNotification* find(const RegistrationKey& key) const;
    void forget(const RegistrationKey& key) { slots_.erase(key); }
    void forget(const PartitionSet& partitions) {
        std::erase_if(slots_, [&](const auto& slot) {
            return partitions.contains(storage::partition_of(slot.first.account));
        });
    }
    /// Those for which something is held.
    std::vector<RegistrationKey> held() const;
    /// Nothing to remember.
    bool idle(SteadyTime now) const;

private:
    struct Slot {
        SteadyTime until{};
        std::unique_ptr<StoredNotification> held{};
    };
    std::unordered_map<RegistrationKey, Slot, RegistrationKey::Hash> slots_;
    std::size_t clean_at_ = 1000;  // slots
};

}  // namespace clarion::push
