// Everything of push on one shard: its parts, made in the order in which they need each other.
// Private to modules/push.
//
// A part knows those that stand above it here, and was told of them when it was made. What goes
// the other way are events (registration_events.h) and Services::when_changed().
#pragma once

#include "modules/push/answers.h"
#include "modules/push/composer.h"
#include "modules/push/counters.h"
#include "modules/push/enable.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/hibernation.h"
#include "modules/push/notifier.h"
#include "modules/push/outage.h"
#include "modules/push/publish_log.h"
#include "modules/push/queue_rules.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"
#include "modules/push/services.h"
#include "modules/push/turns.h"
#include "server/core/events/account_events.h"
#include "server/core/events/partition_events.h"
#include "server/core/events/server_events.h"

namespace clarion::push {

struct Push;

/// Finds a shard's Push from its Context: for what arrives from another shard, and for admin.h.
struct PushSought {
    enum class Stage { find };
    static constexpr std::string_view name = "PushSought";
    static constexpr auto kind = core::EventKind::fill_in;
    Push* found = nullptr;
};

struct Push {
    explicit Push(core::ModuleSetup& setup);

    core::Flow may_evict(const events::AccountEvicting& event);
    void on_deleted(const events::AccountDeleted& event);
    void on_acquired(const events::PartitionsAcquired& event);
    void on_released(const events::PartitionsReleased& event);
    void on_partitions_lost(const events::PartitionsLost& event);
    void on_stopping(const events::ServerStopping& event);
    void on_sought(PushSought& event) { event.found = this; }

    core::Context& context;
    const core::AccountSlot<AccountPush> accounts;
    const core::SessionSlot<SessionPush> sessions;
    Counters counters;
    Registrations registrations;
    Services services;
    Hibernation hibernation;
    Composer composer;
    PublishLog publish_log;
    FailedAttempts attempts;
    Outage outage;
    Answers answers;
    Sender sender;
    Turns turns;
    Notifier notifier;
    QueueRules queue_rules;
    Enabling enabling;
};

/// nullptr: push is not installed.
Push* find_push(core::Context& context);

}  // namespace clarion::push
