// Notifier: from what happened to notifications that are pending. Rules R1, R2, R6, R7, R8
// (docs/push-rules.md); the rules about a session's queue are in queue_rules.h, the
// decisions in policy.h.
//
// A notification is composed at once, while its stanza is at hand and other modules can judge it
// (PushSending), and handed to the Sender when what the turn wrote is committed. One per shard.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "modules/push/pending_notification.h"
#include "modules/push/policy.h"
#include "modules/push/state.h"
#include "server/core/accounts/session.h"
#include "server/core/events/archive_events.h"
#include "server/core/events/message_events.h"
#include "server/core/events/push_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/routing/envelope.h"

namespace clarion::push {

class Composer;
class Counters;
class PublishLog;
class Registrations;
class Sender;

class Notifier {
public:
    Notifier(core::Context& context, core::AccountSlot<AccountPush> accounts,
             core::SessionSlot<SessionPush> sessions, const Counters& counters,
             Registrations& registrations, Composer& composer, PublishLog& publish_log,
             Sender& sender);

    void on_undelivered(const events::Undelivered& event);     // R1, R6 (hibernating: QueueRules)
    void on_archived(const events::Archived& event);           // R2
    void on_receiving(const events::MessageReceiving& event);  // R7: a call
    void on_sending(const events::MessageSending& event);      // R7: it was answered
    void on_ping(const events::PushPing& event);               // R8
    void on_requested(const events::PushRequested& event);
    void on_expiring(const events::SessionExpiring& event);  // [push] wake_before_timeout

    /// What a notification is about.
    struct Cause {
        const Stanza* stanza = nullptr;  // none: ping
        std::uint64_t identity = 0;
        storage::StanzaMeta meta;  // offline_seq 0: not stored among the offline messages
        bool in_queue = false;     // a session's queue has it
        bool away = false;         // the device has no session
        bool clear = false;        // nothing is unread any more
    };
    static Cause cause_of(const core::Account& account, const core::Envelope& envelope);
    /// Makes one pending: nullptr if a module stopped it. It leaves once this turn's batch is
    /// committed, and never if that fails.
    NotificationPtr add_pending(core::Account& account, Registration& registration,
                                const Cause& cause, Verdict verdict);

    /// What is true of the account, for policy.
    Facts facts(core::Account& account, const Registration& registration, Trigger trigger,
                const Stanza& stanza) const;

private:
    void judge_all(core::Account& account, const core::Envelope& envelope, Facts base,
                   core::Session* session);
    void judge_room(core::Account& account, const Stanza& message, Facts& facts) const;
    void add_pending_for_ended(core::Account& account, Registration& registration,
                               const Cause& cause, Verdict verdict);
    void ping(core::Account& account, Registration& registration);
    void enter(const StoredNotification& stored, const Cause& cause);
    void committed(const NotificationPtr& notification, const Result<>& result);
    void undo(core::Account& account, const PendingNotification& notification);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    core::SessionSlot<SessionPush> sessions_;
    const Counters& counters_;
    Registrations& registrations_;
    Composer& composer_;
    PublishLog& publish_log_;
    Sender& sender_;
};

/// Whether the account itself said this in a room: it comes from the occupant that one of its
/// sessions is.
bool is_reflected(const core::Account& account, const Stanza& stanza);

}  // namespace clarion::push
