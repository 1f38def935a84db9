// What push keeps with an account and with a session. Private to modules/push.
//
// Registrations move when others come and go: name one by its sequence number across anything that
// may send, and look it up again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/push/coverage.h"
#include "modules/push/policy.h"
#include "proto/stanza.h"
#include "server/core/accounts/account.h"
#include "server/core/events/push_events.h"
#include "server/core/events/push_registration.h"
#include "server/core/setup/module.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::push {

struct PendingNotification;

struct Registration {
    events::PushRegistration record;
    Jid service;
    events::PushWishes wishes{};
    Recent notified{};
    bool unsaved = false;  // unread or what was notified changed since the record was written
    /// R9: whether it was notified of this stanza, in whatever copy.
    bool was_notified_of(std::uint64_t identity, storage::ArchiveId archive_id) const;
    /// Of an ended session's queue and not yet durable: others of that queue join it.
    std::weak_ptr<PendingNotification> last_of_ended{};
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

/// What a stanza is known by in all its copies on this account; 0: cannot be told.
std::uint64_t identity(const Stanza& stanza, std::string_view account,
                       const storage::StanzaMeta& meta);

}  // namespace clarion::push
