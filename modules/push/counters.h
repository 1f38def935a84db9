// What push counts for Prometheus. One per shard, over the metrics of the process.
//
// Services are named: a few that really are push services, everything else is "other"
// (Counters::of_service), because clients choose what they register and every distinct label value
// stays for ever.
#pragma once

#include <array>
#include <string>

#include "base/metrics.h"
#include "base/time.h"
#include "modules/push/policy.h"

namespace clarion::core {
class Account;
}
namespace clarion::events {
struct PushRegistration;
}

namespace clarion::push {

/// How a publish ended.
enum class Outcome : std::uint8_t { result, error, unanswered, unreachable };
std::string_view name(Outcome outcome);

/// One service's; copies count the same.
class ServiceMetrics {
public:
    /// `label`: safe within quotes.
    explicit ServiceMetrics(std::string label);

    void published() { published_->add(); }
    /// `until_published`: from the message's arrival, below zero for what was sent again;
    /// `until_ended`: from the publish. Both in seconds.
    void ended(Outcome outcome, double until_published, double until_ended);

private:
    struct Ended {
        Counter* count = nullptr;
        Histogram* until_published = nullptr;
        Histogram* until_answered = nullptr;
    };
    Ended& of(Outcome outcome);

    std::string label_;
    Counter* published_;
    std::array<Ended, 4> ended_{};  // made when first needed
};

class Counters {
public:
    Counters();

    /// By verdict: clarion_push_verdicts_total{reason="…"}.
    void count(Reason reason) const { reasons_[static_cast<std::size_t>(reason)]->add(); }
    /// The same, and says in the log (debug) why this registration was notified or not.
    void note(const core::Account& account, const events::PushRegistration& registration,
              Reason reason) const;

    /// The first named_services that `proved` to be push services (they accepted a publish, or the
    /// operator configured them) have metrics of their own.
    static constexpr std::size_t named_services = 50;
    ServiceMetrics of_service(std::string_view jid, bool proved) const;

    Counter& enabled;
    Counter& evicted;
    Counter& disabled;
    Counter& failed_attempts;

private:
    std::array<Counter*, reason_count> reasons_;
};

}  // namespace clarion::push
