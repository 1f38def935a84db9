// Rates: how much the clients of an account say, and how often they log in (XEP-0133, 4.10). Counted
// while they are in memory, in two words each; nothing of it is kept. One per shard.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "server/core/accounts/session.h"
#include "server/core/events/session_events.h"
#include "server/core/setup/module.h"

namespace clarion::administration {

/// So many in that time, as "0.25": two digits behind the point. Of less than `unit` it is what
/// there was.
std::string rate(std::uint64_t count, SteadyTime::duration within, SteadyTime::duration unit);

class Rates {
public:
    explicit Rates(core::ModuleSetup& setup)
        : context_(setup.context()),
          sessions_(setup.session_slot<Since>()),
          accounts_(setup.account_slot<Since>()) {}

    void on_bound(const events::SessionBound& event) const;

    /// Stanzas that its connected clients sent, each since it logged in, or since it was first asked
    /// about after the server started.
    std::string stanzas_per_second(core::Account& account) const;
    /// Since the first that this server knows of.
    std::string logins_per_minute(core::Account& account) const;

private:
    struct Since {
        SteadyTime began{};
        std::uint32_t count = 0;  // of a session what it had received then; of an account: logins
    };
    Since& of(core::Session& session) const;

    core::Context& context_;
    core::SessionSlot<Since> sessions_;
    core::AccountSlot<Since> accounts_;
};

}  // namespace clarion::administration
