// A notification in its two forms.
//
//     StoredNotification   what one is composed from, and can be again: what waits for its service
//                          (waiting.h), and what an earlier run left in the publish log
//     PendingNotification  one that is on its way: composed when its stanza was queued or stored,
//                          sent once that is durable, over when it is answered or waits
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "modules/push/coverage.h"
#include "modules/push/service.h"
#include "proto/stanza.h"
#include "storage/pending_publishes.h"

namespace clarion::core {
class Account;
class Context;
}  // namespace clarion::core

namespace clarion::push {

struct Service;

struct RegistrationKey {
    storage::AccountId account = storage::AccountId::none;
    std::uint64_t registration = 0;
    bool operator==(const RegistrationKey&) const = default;
    struct Hash {
        std::size_t operator()(const RegistrationKey& key) const noexcept;
    };
};

/// What a notification speaks for of a session's queue.
struct QueueShare {
    std::uint64_t session = 0;  // 0: of none
    Coverage coverage{};
};

/// A gateway may be dead for days, and then everybody with a phone has one of these: it names the
/// stanza, which storage has, and the account by its number.
struct StoredNotification {
    RegistrationKey key;
    std::uint64_t number = 0;  // of this shard; says who opened a window
    WallTime caused{};         // when the server saw the stanza
    /// Where the stanza is: as of storage::PendingPublish.
    storage::LogId log_id = storage::LogId::none;
    std::uint64_t offline_seq = 0;
    std::unique_ptr<QueueShare> queue{};  // nullptr: of no session's queue
    LastingTime failing_since{};          // zero: it waits only for answers to others
    std::uint32_t failures = 0;  // ServiceLink::failures(), of which its registration was told
    bool important = false;
    bool urgent = false;  // neither coalesced nor slowed down
    bool clear = false;   // says that nothing is unread any more

    /// For the publish log, and from it.
    storage::PendingPublish record() const;
    static StoredNotification from(const storage::PendingPublishEntry& entry);
    /// This one is newer than `older`, which waited: it takes its place, but importance is not
    /// lost, and neither is what the older one has waited through.
    void replace(StoredNotification older);
};

struct PendingNotification {
    std::string account;      // bare JID
    std::uint32_t epoch = 0;  // of its partition: in another one it was loaded anew
    StoredNotification stored;
    QueueShare share{};               // its queue's
    std::shared_ptr<Stanza> publish;  // nullptr: it left, or another one took its place
    bool on_trial = false;            // to an address that never accepted one (trials.h)
    bool renewed = false;             // it waited: its time on the way says nothing of this server
    /// Hears each step; `clarionctl push test`. Such a notification never waits.
    std::function<void(std::string_view step, bool ok)> witness{};

    // Once it has left.
    Service* service = nullptr;  // which lives as long as a publish there is not answered
    ServiceLink::Departure departure{};
    double until_published = -1;  // seconds from the message's arrival; below zero: sent again

    /// It must wait: what it can be composed again from. The rest of it stays readable.
    StoredNotification take_stored();
};
using NotificationPtr = std::shared_ptr<PendingNotification>;

/// The epoch of the account's partition now.
std::uint32_t epoch_of(const core::Context& context, storage::AccountId account);
/// The account of a notification, if it is loaded and still the same.
core::Account* account_of(core::Context& context, const PendingNotification& notification);

}  // namespace clarion::push
