// Hibernation: when hibernating sessions with push end, and what of push outlives the process with
// them.
//
// docs/push-rules.md, "Hibernation": the arithmetic is hibernation_times.h. Moves the end through
// core::Hibernation::set_expiry, which also writes the session's record; adds push's part to that
// record and reads it back. One per shard.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "modules/push/registration_events.h"
#include "modules/push/state.h"
#include "server/core/accounts/session.h"
#include "server/core/events/session_events.h"

namespace clarion::push {

class QueueRules;
class Registrations;
struct PendingNotification;

class Hibernation {
public:
    Hibernation(core::Context& context, core::AccountSlot<AccountPush> accounts,
                core::SessionSlot<SessionPush> sessions, Registrations& registrations)
        : context_(context),
          accounts_(accounts),
          sessions_(sessions),
          registrations_(registrations) {}

    /// It began to hibernate. `notified_important`: something in its queue was notified as
    /// important before.
    void hibernated(core::Session& session, bool notified_important);
    void on_resumed(const events::SessionResumed& event);
    /// Its client is woken ([push] wake_before_timeout).
    void on_expiring(const events::SessionExpiring& event);
    void on_device_changed(const DeviceChanged& event);
    /// What it was notified of goes with it, or to its successor.
    void on_removed(const RegistrationRemoved& event);
    /// A notification left for the service; if important, the ordinary time runs from now.
    void sent(core::Account& account, const Registration& registration,
              const PendingNotification& notification);
    /// It waits, in the publish log: its session's queue need not be notified of again.
    void kept(core::Account& account, const PendingNotification& notification);
    /// It did not arrive: the service cannot be reached.
    void not_sent(core::Account& account, const Registration& registration,
                  const PendingNotification& notification);

    void on_recording(const events::SessionRecording& event);
    void on_restored(const events::SessionRestored& event);

    /// The account may leave memory: what was decided and is not on its way any more goes into the
    /// records. `waits`: whether something still waits to be published for a registration.
    void before_evict(core::Account& account,
                      const std::function<bool(const Registration&)>& waits);

    /// Once these partitions were acquired: R3 for the sessions that did not come back within
    /// [push] restart_grace.
    Task<> sweep_acquired(QueueRules& rules, PartitionSet partitions);

    /// The most it can hibernate, for <enabled max>.
    void on_limit(const events::HibernationLimit& event) const;

private:
    void set_end(core::Session& session, SessionPush& mine);
    LastingTime wake_time(std::string_view host, const SessionPush& mine, LastingTime end) const;
    Task<> sweep_account(QueueRules& rules, std::string bare_jid);
    Task<> sweep_session(QueueRules& rules, core::Account& account, std::uint64_t session);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    core::SessionSlot<SessionPush> sessions_;
    Registrations& registrations_;
};

}  // namespace clarion::push
