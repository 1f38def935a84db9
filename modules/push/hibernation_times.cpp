#include "modules/push/sleep_times.h"

#include <algorithm>

namespace clarion::push {

namespace {

LastingTime uncapped(const SleepFacts& facts) {
    if (facts.important_at) return std::max(*facts.important_at, facts.slept_at) + facts.ordinary;
    if (facts.registered) return facts.slept_at + facts.until_important;
    return std::max(facts.push_ended_at.value_or(facts.slept_at), facts.slept_at) + facts.ordinary;
}

}  // namespace

LastingTime sleep_ends_at(const SleepFacts& facts) {
    const LastingTime end = uncapped(facts);
    if (facts.asked_seconds == 0) return end;
    return std::min<LastingTime>(end, facts.slept_at + std::chrono::seconds(facts.asked_seconds));
}

Duration longest_sleep(bool registered, Duration ordinary, Duration until_important) {
    return registered ? until_important : ordinary;
}

}  // namespace clarion::push
