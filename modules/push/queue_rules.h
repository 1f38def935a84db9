// QueueRules: the rules about what a session's client has not acknowledged. R3, R4, R5
// (docs/push-rules.md).
//
// One notification for the whole queue when the session begins to hibernate, is lost or is slow;
// then one for each stanza queued to the hibernating session, coalesced. What was covered is
// remembered per registration (coverage.h). One per shard.
#pragma once

#include <cstdint>
#include <vector>

#include "base/task.h"
#include "modules/push/notifier.h"
#include "modules/push/state.h"
#include "server/core/accounts/session.h"
#include "server/core/events/session_events.h"
#include "server/core/routing/envelope.h"

namespace clarion::push {

class Hibernation;

class QueueRules {
public:
    QueueRules(core::Context& context, core::AccountSlot<AccountPush> accounts,
               core::SessionSlot<SessionPush> sessions, const Counters& counters,
               Registrations& registrations, Notifier& notifier, Hibernation& hibernation)
        : context_(context),
          accounts_(accounts),
          sessions_(sessions),
          counters_(counters),
          registrations_(registrations),
          notifier_(notifier),
          hibernation_(hibernation) {}

    void on_hibernated(const events::SessionHibernated& event);  // R3
    void on_ack_delayed(const events::AckDelayed& event);        // R5
    void on_ended(const events::SessionEnded& event);  // R3: lost without being able to hibernate
    /// R3: lost in a crash. What came for it shortly before, for it may not have had it.
    void on_lost(const events::SessionLost& event);
    /// Once partitions were acquired from a home that died: when anything was logged last.
    Task<> learn_last_run();
    /// R4: one more stanza was queued to a hibernating session.
    void on_undelivered(const events::Undelivered& event);

    struct Entry {
        StanzaPtr stanza;
        std::uint32_t number = 0;  // XEP-0198
        storage::StanzaMeta meta;
    };
    /// One notification for the queue to each registration of the session's device, if anything in
    /// it is not covered. `trigger`: unacked, or ended to look at kept messages only.
    void notify(core::Session& session, const std::vector<Entry>& queue, Trigger trigger);

private:
    struct Finding {
        const Entry* cause = nullptr;  // the newest that counts
        Verdict verdict{};
        std::uint64_t important = 0;  // how many
    };
    Finding scan(core::Session& session, Registration& registration, const Coverage& coverage,
                 const std::vector<Entry>& queue, Trigger trigger);
    void notify_one(core::Session& session, Registration& registration,
                    const std::vector<Entry>& queue, Trigger trigger);
    void notify_others(core::Session& session, const std::vector<Entry>& queue);
    bool notified_important(core::Session& session, const std::vector<Entry>& queue);
    void queue_one(core::Session& session, Registration& registration,
                   const core::Envelope& envelope);
    Task<> notify_lost(std::shared_ptr<core::Session> session);
    Task<std::vector<Entry>> read_latest(storage::AccountId account, WallTime since);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    core::SessionSlot<SessionPush> sessions_;
    const Counters& counters_;
    Registrations& registrations_;
    Notifier& notifier_;
    Hibernation& hibernation_;
    WallTime last_run_{};  // when its last stanza was logged
};

}  // namespace clarion::push
