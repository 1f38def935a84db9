// Sender: publishes what is pending and durable, and deals with what comes of it
// (docs/push-rules.md, "Answers and errors").
//
// A notification that cannot leave now, because its service is unreachable, too much is outstanding
// there, min_interval is not over or too many went to addresses that never accepted one (trials.h),
// waits as its registration's newest state (waiting.h). Meanwhile its account may be evicted; when
// its turn comes (turns.h) it is composed again.
//
//     submit -> publish -> (answer) -> done                 publish log: settled
//          \-> wait -> Turns -> submit ...  ^-- unreachable: wait
//
// One per shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "modules/push/pending_notification.h"
#include "modules/push/registration_events.h"
#include "modules/push/services.h"
#include "modules/push/state.h"
#include "modules/push/trials.h"

namespace clarion::push {

class Answers;
class FailedAttempts;
class Hibernation;
class Outage;
class PublishLog;

class Sender {
public:
    Sender(core::Context& context, core::AccountSlot<AccountPush> accounts, Services& services,
           Outage& outage, FailedAttempts& attempts, Answers& answers, PublishLog& publish_log,
           Hibernation& hibernation);

    /// Publishes it now, or keeps it as the newest state of its registration. REQUIRES: durable.
    void submit(core::Account& account, Registration& registration, NotificationPtr notification);
    /// Whether something waits to be published for this registration.
    bool waits(storage::AccountId account, const Registration& registration) const;
    /// What waits for a registration that is gone, or for any of an account that is deleted, is
    /// dropped.
    void on_removed(const RegistrationRemoved& event);
    void forget_all(core::Account& account);

private:
    bool held_back(Service& service, core::Account& account, const Registration& registration,
                   PendingNotification& notification);
    std::optional<SteadyTime> closed_until(const Service& service, const core::Account& account,
                                           const PendingNotification& notification) const;
    std::optional<SteadyTime> unproved_until(const Service& service, core::Account& account,
                                             const Registration& registration,
                                             PendingNotification& notification) const;
    /// Where a service's held notifications are, for whichever reason.
    using Held = Intervals Service::*;
    /// As its registration's newest state.
    void hold(Service& service, Held where, core::Account& account,
              PendingNotification& notification, SteadyTime until);
    void release_held(const std::string& jid, const RegistrationKey& key, Held where);
    void note_accepted(Service& service, storage::AccountId account);
    void wait(Service& service, core::Account& account, Registration& registration,
              PendingNotification& notification);
    /// The publish log has what waits.
    void keep(const StoredNotification* waits);
    void publish(Service& service, core::Account& account, Registration& registration,
                 NotificationPtr notification);
    void note_sent(core::Account& account, PendingNotification& notification);
    void on_answer(const NotificationPtr& notification, const Stanza* answer, bool local);
    void conclude(PendingNotification& notification, const Stanza* answer, bool unreachable);
    void on_unreachable(core::Account* account, PendingNotification& notification,
                        std::string_view condition);
    void wait_again(core::Account& account, Registration& registration,
                    PendingNotification& notification);
    void forget(storage::AccountId account, const events::PushRegistration& registration);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    Services& services_;
    Outage& outage_;
    FailedAttempts& attempts_;
    Answers& answers_;
    PublishLog& publish_log_;
    Hibernation& hibernation_;
    Trials trials_;
};

}  // namespace clarion::push
