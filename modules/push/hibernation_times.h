// How long a session with push sleeps: docs/push-rules.md, "Sleep", as arithmetic on times. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace clarion::push {

/// What is known of one sleep. Each sleep starts afresh.
struct SleepFacts {
    LastingTime slept_at{};
    Duration ordinary{};              // smacks.hibernation_time
    Duration until_important{};       // push.max_hibernation_timeout
    std::uint32_t asked_seconds = 0;  // what the client asked for in <enable max>; 0: nothing
    bool registered = false;          // its device has a registration now
    std::optional<LastingTime>
        important_at{};  // the first important notification for what it missed
    std::optional<LastingTime>
        push_ended_at{};  // its device lost the last registration while it slept
};

/// When it ends:
/// * registered: `until_important` after falling asleep; once an important notification went out,
///   the ordinary time from then (from falling asleep, if that was before);
/// * not registered: the ordinary time from falling asleep, or from the moment push ended;
/// * never later than the client asked for.
LastingTime sleep_ends_at(const SleepFacts& facts);

/// The most a session can sleep from now on, for <enabled max>: an important notification may go
/// out at the last moment of `until_important`, but that is not promised.
Duration longest_sleep(bool registered, Duration ordinary, Duration until_important);

}  // namespace clarion::push
