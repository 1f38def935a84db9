// Answers: what comes back from push services, and what it means for statistics and registrations
// (docs/push-rules.md, "Answers and errors"). One per shard, no state.
#pragma once

#include <string_view>

#include "modules/push/counters.h"
#include "modules/push/state.h"

namespace clarion::push {

class FailedAttempts;
class Registrations;
struct PendingNotification;

class Answers {
public:
    Answers(core::Context& context, const Counters& counters, Registrations& registrations,
            FailedAttempts& attempts)
        : context_(context),
          counters_(counters),
          registrations_(registrations),
          attempts_(attempts) {}

    /// How a publish ended; its service's statistics and counters and whoever watches it are told.
    /// `answer`: nullptr if none came. `unreachable`: the service was not reached, this server
    /// made the answer if there is one.
    Outcome conclude(const PendingNotification& notification, const Stanza* answer,
                     bool unreachable) const;

    /// What that means for the registration.
    void on_result(core::Account& account, Registration& registration) const;
    void on_error(core::Account& account, Registration& registration,
                  const StanzaError& error) const;

private:
    void count(const PendingNotification& notification, Outcome outcome, const Stanza* answer,
               double took) const;
    core::Context& context_;
    const Counters& counters_;
    Registrations& registrations_;
    FailedAttempts& attempts_;
};

}  // namespace clarion::push
