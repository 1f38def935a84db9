// Hibernation: when hibernating sessions with push end, and what of push outlives the process with
// them.
//
// docs/push-rules.md, "Hibernation": the arithmetic is hibernation_times.h. Moves the end through
// core::Hibernation::set_expiry, which also writes the session's record; adds push's part to that
// record and reads it back. One per shard.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/task.h"
#include "modules/push/state.h"
#include "server/core/session.h"
#include "storage/sessions.h"

namespace clarion::push {

class Hibernation {
public:
    explicit Hibernation(Push& push) : push_(push) {}

    /// It began to hibernate. `notified_important`: something in its queue was notified as
    /// important before.
    void hibernated(core::Session& session, bool notified_important);
    void resumed(core::Session& session);
    /// It will expire soon: its client is woken ([push] wake_before_timeout).
    void expiring(core::Session& session);
    /// A registration of this device came or went.
    void registrations_changed(core::Account& account, std::string_view device);
    /// A registration goes on under another number.
    void renumber(core::Account& account, std::uint64_t from, std::uint64_t to);
    /// It is gone, and what it was notified of with it.
    void forget(core::Account& account, std::uint64_t registration);
    /// A notification left for the service; if important, the ordinary time runs from now.
    void sent(core::Account& account, const Registration& registration,
              const Notification& notification);
    /// It waits, in the publish log: its session's queue need not be notified of again.
    void kept(core::Account& account, const Notification& notification);
    /// It did not arrive: the service cannot be reached.
    void not_sent(core::Account& account, const Registration& registration,
                  const Notification& notification);

    void record(core::Session& session, storage::HibernatingSession& record);
    void restore(core::Session& session, const storage::HibernatingSession& record);

    /// The account may leave memory: what was decided and is not on its way any more goes into the
    /// records.
    void before_evict(core::Account& account);

    /// Once after start: R3 for the sessions that did not come back within [push] restart_grace.
    Task<> sweep_after_restart();

    /// The most it can hibernate, for <enabled max>.
    Duration longest(core::Session& session) const;

private:
    void set_end(core::Session& session, SessionPush& mine);
    LastingTime wake_time(std::string_view host, const SessionPush& mine, LastingTime end) const;
    Task<> sweep_account(std::string bare_jid);
    Task<> sweep_session(core::Account& account, std::uint64_t session);
    Push& push_;
};

}  // namespace clarion::push
