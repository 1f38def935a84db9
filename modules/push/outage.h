// Outage: services that cannot be reached (docs/push-rules.md, "Answers and errors"): one attempt
// for the whole server per step of back-off.
//
// Each shard has its own view of a service (service.h) and tells the others what it learns; what
// they must know travels by Context::everywhere(). One per shard.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "modules/push/service.h"
#include "proto/jid.h"
#include "server/core/context.h"
#include "server/core/events/s2s_events.h"

namespace clarion::push {

class Counters;
class FailedAttempts;
class Services;
struct PendingNotification;
struct Service;

class Outage {
public:
    Outage(core::Context& context, Counters& counters, Services& services, FailedAttempts& attempts)
        : context_(context), counters_(counters), services_(services), attempts_(attempts) {}

    /// A publish leaves for a service that is not up: the others wait for what comes of it.
    void note_probe(const Service& service, std::string_view host);
    /// A publish was answered, by whatever.
    void note_answer(Service& service);
    /// A publish found the service unreachable. True: a new failed attempt, which attempt_failed()
    /// must be told of; false: the attempt it belongs to was counted before.
    bool note_failure(Service& service, const ServiceLink::Departure& departure);
    /// Whoever waits has failed with it, here and on the other shards.
    void attempt_failed(Service& service, std::string_view condition);

    /// No answer came to this publish. Whether that may be an outage, for all that this shard
    /// knows.
    static bool may_be_silent(const PendingNotification& notification);
    /// Whether it is, the others must say: `then` is told whether any of them heard from the
    /// service since the publish left, now or later.
    void ask_others(const PendingNotification& notification, std::function<void(bool heard)> then);

    /// A component attached or a stream came up: back-off of the services there ends. Fired where
    /// the domain lives.
    void on_reachable(const events::DomainReachable& event);

    /// At the end of its back-off the service is one that changed.
    void arm_retry(Service& service);

private:
    struct Question {
        std::function<void(bool heard)> then;
        std::size_t left = 0;
        bool heard = false;
    };
    void on_heard_elsewhere(std::uint64_t question, bool heard);
    void fail_all_that_waits(Service& service, std::string_view condition);
    void domain_reachable(std::string_view domain);
    void hear_of_failure(const Jid& jid, const FailedAttempt& failure, std::string_view condition);
    void hear_of_answer(std::string_view jid);
    void hear_of_probe(std::string_view jid, unsigned shard, SteadyTime until);
    void tell_others(std::function<void(Outage&)> what);
    Duration patience_after(unsigned leader) const;

    core::Context& context_;
    Counters& counters_;
    Services& services_;
    FailedAttempts& attempts_;
    std::map<std::uint64_t, Question> questions_;  // to the other shards
    std::uint64_t last_question_ = 0;
};

}  // namespace clarion::push
