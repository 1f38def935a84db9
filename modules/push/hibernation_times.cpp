#include "modules/push/hibernation_times.h"

#include <algorithm>

namespace clarion::push {

namespace {

LastingTime uncapped(const HibernationFacts& facts) {
    if (facts.important_at)
        return std::max(*facts.important_at, facts.hibernating_since) + facts.ordinary;
    if (facts.registered) return facts.hibernating_since + facts.until_important;
    return std::max(facts.push_ended_at.value_or(facts.hibernating_since),
                    facts.hibernating_since) +
           facts.ordinary;
}

}  // namespace

LastingTime hibernation_ends_at(const HibernationFacts& facts) {
    const LastingTime end = uncapped(facts);
    if (facts.asked_seconds == 0) return end;
    return std::min<LastingTime>(
        end, facts.hibernating_since + std::chrono::seconds(facts.asked_seconds));
}

Duration longest_hibernation(bool registered, Duration ordinary, Duration until_important) {
    return registered ? until_important : ordinary;
}

}  // namespace clarion::push
