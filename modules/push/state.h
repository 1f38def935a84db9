// What push keeps: per account, per session, per shard. Private to modules/push.
//
// Registrations move when others come and go: name one by its sequence number across anything that
// may send, and look it up again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/push/coverage.h"
#include "modules/push/policy.h"
#include "proto/stanza.h"
#include "server/core/account.h"
#include "server/core/module.h"
#include "server/events/push_events.h"
#include "server/events/push_registration.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/pending_publishes.h"

namespace clarion::push {

/// A notification on its way: composed when its stanza was queued or stored, sent once that is
/// durable.
struct Notification {
    std::string account;  // bare JID
    storage::AccountId account_id = storage::AccountId::none;
    std::uint64_t registration = 0;
    std::uint64_t number = 0;  // of this shard; says who opened a window
    std::shared_ptr<Stanza> publish;
    bool was_sent = false;  // ... and is shared with whoever still holds it
    bool renewed = false;   // it waited: its time on the way says nothing of this server
    bool important = false;
    bool urgent = false;  // neither coalesced nor slowed down
    bool clear = false;   // says that nothing is unread any more
    WallTime caused{};    // when the server saw the stanza
    /// Where the stanza is stored: of storage::PendingPublish.
    storage::LogId log_id = storage::LogId::none;
    std::uint64_t offline_seq = 0;
    std::uint64_t session = 0;  // whose queue it speaks for; 0: none
    Coverage coverage{};        // ... and what it covers of it
    /// Hears each step; `clarionctl push test`. Such a notification never waits.
    std::function<void(std::string_view step, bool ok)> witness{};
};
using NotificationPtr = std::shared_ptr<Notification>;

/// What a notification speaks for of a session's queue.
struct QueueShare {
    std::uint64_t session = 0;
    Coverage coverage{};
};

/// What a notification that waited, or that an earlier run left pending, is composed again from
/// (Notifier::renew_stored).
struct Waiting {
    std::uint64_t number = 0;
    WallTime caused{};
    storage::LogId log_id = storage::LogId::none;
    std::uint64_t offline_seq = 0;
    std::unique_ptr<QueueShare> queue{};
    bool important = false;
    bool urgent = false;
    bool clear = false;
};

struct Registration {
    events::PushRegistration record;
    Jid service;
    events::PushWishes wishes{};
    Recent notified{};
    bool unsaved = false;  // unread or what was notified changed since the record was written
    /// R9: whether it was notified of this stanza, in whatever copy.
    bool was_notified_of(std::uint64_t identity, storage::ArchiveId archive_id) const;
    std::weak_ptr<Notification>
        last_of_ended{};  // not yet durable: others of the same queue join it
};

struct AccountPush {
    std::vector<Registration> registrations;  // ordered by seq: least recently enabled first
    std::uint64_t last_seq = 0;
    int busy = 0;  // notifications that are not yet durable, or not yet answered
    Registration* find(std::uint64_t seq);
};

struct SessionPush {
    std::vector<Coverage> decided;  // by registration
    std::vector<Coverage> sent;
    std::optional<LastingTime> important_at{};
    std::uint64_t important_by = 0;  // the notification that set it
    std::optional<LastingTime> push_ended_at{};
    bool wake_called = false;  // it was woken before its end
    bool settled = false;      // its queue has been notified or need not be
    Coverage& decided_for(std::uint64_t registration);
    /// Whether a stanza that was in its queue, we do not know where, has been notified.
    bool covers(std::uint64_t registration, WallTime received, const Stanza& stanza,
                const Facts& facts) const;
    void note_sent(const Coverage& coverage);
};

struct PushOptions;
class Counters;
class PublishLog;
class Registrations;
class Hibernation;
class Sender;
class QueueRules;
class Notifier;

/// Everything of one shard.
struct Push {
    explicit Push(core::ModuleSetup& setup);
    ~Push();

    core::Core& core;
    core::ResidentSpace stored;  // registrations
    core::AccountSlot<AccountPush> accounts;
    core::SessionSlot<SessionPush> sessions;
    std::unique_ptr<Counters> counters;
    std::unique_ptr<PublishLog> publish_log;
    std::unique_ptr<Registrations> registrations;
    std::unique_ptr<Hibernation> hibernation;
    std::unique_ptr<Sender> sender;
    std::unique_ptr<Notifier> notifier;
    std::unique_ptr<QueueRules> queue_rules;

    const PushOptions& options(std::string_view host) const;
    /// Counts why something was notified or not, and says it in the log (debug).
    void note(const core::Account& account, const Registration& registration, Reason reason) const;
    /// The account of a notification, if it is loaded and still the same.
    core::Account* account_of(const Notification& notification) const;
};

/// Finds this shard's Push from its Core: for what arrives from another shard, and for admin.h.
struct PushSought {
    enum class Stage { find };
    static constexpr std::string_view name = "PushSought";
    Push*& found;
};
/// nullptr: push is not installed.
Push* find_push(core::Core& core);

/// What a stanza is known by in all its copies on this account; 0: cannot be told.
std::uint64_t identity(const Stanza& stanza, std::string_view account,
                       const storage::StanzaMeta& meta);

}  // namespace clarion::push
