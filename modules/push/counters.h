// What push counts for Prometheus. One per shard, over the metrics of the process; nothing here
// names a peer.
#pragma once

#include <array>

#include "modules/push/policy.h"
#include "server/base/metrics.h"

namespace clarion::push {

class Counters {
public:
    Counters();

    /// By verdict: clarion_push_verdicts_total{reason="…"}.
    void count(Reason reason) { reasons_[static_cast<std::size_t>(reason)]->add(); }

    Counter& published;
    Counter& results;  // clarion_push_answers_total{result="…"}
    Counter& errors;
    Counter& unanswered;
    Counter& unreachable;
    Counter& enabled;
    Counter& evicted;
    Counter& disabled;
    Histogram& until_published;  // message in -> publish out
    Histogram& until_answered;   // publish out -> answer

private:
    std::array<Counter*, reason_count> reasons_;
};

}  // namespace clarion::push
