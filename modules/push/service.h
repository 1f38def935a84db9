// One push service as one shard sees it: may it be sent to, back-off, and how it has been doing.
//
// docs/push-rules.md, "Answers and errors". ServiceLink is a pure state machine. Each shard has its
// own and they tell each other what they learn (outage.cpp), so that for the whole server one step
// of back-off is one attempt:
//
//     up ──(attempt failed)──> backing off ──(time)──> probing: one publish
//     ^                          ^   │                        │         │
//     │                          └───│──(failed: longer)──────┘         │
//     └──(any answer, here or on another shard, or DomainReachable)─────┘
//
// The shard whose attempt failed leads: it probes first. The others adopt its step and its time,
// and probe only if it does not (nothing may wait there any more). It is not kept over a restart.
// Only what this server finds itself is a failed attempt: a bounce it made, or silence while
// publishes wait.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/metrics.h"
#include "base/time.h"

namespace clarion::push {

/// 30 s, doubling to 1 h, lengthened by up to a quarter: `random` decides.
Duration back_off(unsigned step, std::uint64_t random);

/// A failed attempt, as the shard that met it tells the others.
struct FailedAttempt {
    unsigned shard = 0;
    unsigned step = 0;  // failed attempts in a row, this one included
    SteadyTime at{};
    SteadyTime retry_at{};
};

class ServiceLink {
public:
    /// Whether a publish may leave now.
    bool may_send(SteadyTime now, std::size_t max_outstanding) const;

    /// What a publish must remember of the moment it left.
    struct Departure {
        std::uint64_t attempt = 0;
        std::uint64_t failures = 0;
        std::uint64_t heard = 0;
        SteadyTime at{};
    };
    Departure depart(SteadyTime now);
    /// It was answered or given up.
    void settle() { --outstanding_; }

    /// An answer came, of whatever type. True: that ended a back-off.
    bool heard(SteadyTime now);
    /// When that was last, on this shard.
    SteadyTime heard_at() const { return heard_at_; }
    /// Nothing at all came since that publish left.
    bool silent_since(const Departure& departure) const { return heard_ == departure.heard; }
    /// Whether it belongs to the attempt that is going on: later ones have been judged if not.
    bool is_current(const Departure& departure) const { return attempt_ == departure.attempt; }
    /// That publish found the service unreachable. True: a new failed attempt, the next one waits
    /// for back_off(); false: the attempt it belongs to was counted before.
    bool failed(const Departure& departure, unsigned shard, SteadyTime now, std::uint64_t random);
    FailedAttempt last_failure() const { return last_failure_; }

    /// Another shard's attempt failed: this one's time to retry is later than its, by `patience`.
    /// True: that was news. It is not if this shard heard the service after that.
    bool adopt(const FailedAttempt& failure, Duration patience);
    /// Another shard probes: nobody else does before that is decided.
    void hold_off(SteadyTime until);
    /// The domain is there again. True: that ended a back-off.
    bool reachable();

    bool up() const { return step_ == 0; }
    unsigned step() const { return step_; }
    bool probing() const { return probing_; }
    SteadyTime retry_at() const { return retry_at_; }
    std::size_t outstanding() const { return outstanding_; }
    /// Failed attempts ever, on whatever shard: the difference of two moments is how many a
    /// registration has waited through.
    std::uint64_t failures() const { return failures_; }

private:
    void fail_with(const FailedAttempt& failure);

    unsigned step_ = 0;  // failed attempts in a row
    bool probing_ = false;
    SteadyTime retry_at_{};
    FailedAttempt last_failure_{};
    std::uint64_t attempt_ = 1;
    std::uint64_t failures_ = 0;
    std::uint64_t heard_ = 0;
    SteadyTime heard_at_{};
    std::size_t outstanding_ = 0;
};

/// How many things happened within the last day, to the hour.
class DayCount {
public:
    void add(WallTime now);
    std::uint32_t value(WallTime now) const;

private:
    struct Hour {
        std::int64_t number = 0;
        std::uint32_t count = 0;
    };
    std::array<Hour, 24> hours_{};
};

/// For `clarionctl push stats` and status.
struct ServiceStats {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;    // with a result
    std::uint64_t unanswered = 0;  // within answer_timeout
    std::uint64_t refused_since_success = 0;
    std::map<std::string, std::uint64_t> errors;  // by condition, of error answers
    Histogram latency;                            // publish to answer, seconds
    DayCount disabled;                            // registrations, by errors or unreachability
    WallTime last_success{};
    WallTime last_error_at{};
    std::string last_error;        // condition
    WallTime unreachable_since{};  // of the back-off that goes on
};

}  // namespace clarion::push
