// PublishLog: notifications that are pending, kept with the stanza that caused them until they are
// answered (docs/push-rules.md, R9). After a crash each goes at least once.
//
// One entry for each registration, its newest state; written in the batch of the stanza, erased
// soon after the notification is over: if the server dies in between, it goes again. What speaks
// for the queue of a hibernating session needs no entry until it must wait: the session's record
// says what of its queue was notified (coverage.h), and the sweep after a restart notifies the
// rest. One per shard.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/task.h"
#include "modules/push/pending_notification.h"
#include "modules/push/state.h"

namespace clarion::push {

class Composer;
class Turns;

class PublishLog {
public:
    PublishLog(core::Context& context, core::AccountSlot<AccountPush> accounts, Composer& composer)
        : context_(context), accounts_(accounts), composer_(composer) {}

    /// Writes it into this turn's batch. `xml`: as of storage::PendingPublishes::put().
    void add_pending(const StoredNotification& stored, std::string_view xml = {});
    /// A notification must wait: the entry becomes what waits, if it is not yet. This is how one
    /// that speaks for a queue gets an entry (its session's record then calls it notified).
    void keep(const StoredNotification& stored);
    /// That notification is over: answered, given up or never to be sent. Its entry goes, unless a
    /// newer notification has taken its place.
    void settle(const RegistrationKey& key, std::uint64_t number);
    /// The registration is gone, and with it (in storage too) what is pending for it.
    void forget(const RegistrationKey& key) { open_.erase(key); }
    /// The accounts of these partitions live elsewhere: what is pending for them is theirs who have
    /// them.
    void forget(const PartitionSet& partitions);
    /// Erases now what is settled: the server stops, or accounts move.
    void erase_settled();

    /// Once these partitions were acquired: what their last home left pending gets its turn, in
    /// slices.
    Task<> resend_acquired(Turns& turns, PartitionSet partitions);

private:
    using Key = RegistrationKey;
    /// What an entry is, as far as keep() must know.
    struct Newest {
        std::uint64_t number = 0;
        storage::LogId log_id = storage::LogId::none;
        bool important = false;
        bool operator==(const Newest&) const = default;
    };
    /// That notification is on its way, and has an entry.
    void adopt(const StoredNotification& stored);
    Task<> resend_page(Turns& turns, std::vector<storage::PendingPublishEntry> page);
    Task<> resend(Turns& turns, storage::PendingPublishEntry entry);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    Composer& composer_;
    /// Entries live close together: scattered among accounts that come and go, each would keep a
    /// page of theirs from being given back.
    std::pmr::unsynchronized_pool_resource pool_;
    std::pmr::unordered_map<Key, Newest, Key::Hash> open_{&pool_};  // what its entry is
    std::vector<Key> settled_;                                      // entries to erase
    int resending_ = 0;                           // acquired sets that are being resent
    std::unordered_set<Key, Key::Hash> renewed_;  // meanwhile: entries that this shard wrote
};

}  // namespace clarion::push
