// One push service as one shard sees it: may it be sent to, back-off, and how it has been doing.
//
// PUSH.md part A, "Answers and errors". Each shard has its own view of a service: no locks, and
// what one shard learns the others learn by themselves (an unreachable service costs one attempt
// per shard and step). It is not kept over a restart. ServiceLink is a pure state machine:
//
//     up ──(attempt failed)──> backing off ──(time)──> probing: one publish ──(failed)──> backing
//     off, longer
//      └───────<──(any answer, or DomainReachable)──────────┘
//
// Only what this server finds itself is a failed attempt: a bounce it made, or silence while
// publishes wait.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "server/base/metrics.h"
#include "server/base/time.h"

namespace clarion::push {

/// 30 s, doubling to 1 h, lengthened by up to a quarter: `random` decides.
Duration back_off(unsigned step, std::uint64_t random);

class ServiceLink {
public:
    /// Whether a publish may leave now.
    bool may_send(SteadyTime now, std::size_t max_outstanding) const;

    /// What a publish must remember of the moment it left.
    struct Departure {
        std::uint64_t attempt = 0;
        std::uint64_t heard = 0;
        SteadyTime at{};
    };
    Departure depart(SteadyTime now);
    /// It was answered or given up.
    void settle() { --outstanding_; }

    /// An answer came, of whatever type. True: that ended a back-off.
    bool heard();
    /// Nothing at all came since that publish left.
    bool silent_since(const Departure& departure) const { return heard_ == departure.heard; }
    /// That publish found the service unreachable. True: a new failed attempt, the next one waits
    /// for back_off(); false: the attempt it belongs to was counted before.
    bool failed(const Departure& departure, SteadyTime now, std::uint64_t random);
    /// The domain is there again. True: that ended a back-off.
    bool reachable();

    bool up() const { return step_ == 0; }
    unsigned step() const { return step_; }
    bool probing() const { return probing_; }
    SteadyTime retry_at() const { return retry_at_; }
    std::size_t outstanding() const { return outstanding_; }

private:
    unsigned step_ = 0;  // failed attempts in a row
    bool probing_ = false;
    SteadyTime retry_at_{};
    std::uint64_t attempt_ = 1;
    std::uint64_t heard_ = 0;
    std::size_t outstanding_ = 0;
};

/// For `clarionctl push stats`.
struct ServiceStats {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;    // with a result
    std::uint64_t unanswered = 0;  // within answer_timeout
    std::uint64_t failed_attempts = 0;
    std::map<std::string, std::uint64_t> errors;  // by condition, of error answers
    Histogram latency;                            // publish to answer, seconds
    WallTime last_success{};
    WallTime last_error_at{};
    std::string last_error;  // condition
};

}  // namespace clarion::push
