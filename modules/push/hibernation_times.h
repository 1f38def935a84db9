// How long a session with push hibernates: docs/push-rules.md, "Hibernation", as arithmetic on
// times. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace clarion::push {

/// What is known of one hibernation. Each hibernation starts afresh.
struct HibernationFacts {
    LastingTime hibernating_since{};
    Duration ordinary{};              // smacks.hibernation_time
    Duration until_important{};       // push.max_hibernation_timeout
    std::uint32_t asked_seconds = 0;  // what the client asked for in <enable max>; 0: nothing
    bool registered = false;          // its device has a registration now
    /// The first important notification for what it missed.
    std::optional<LastingTime> important_at{};
    /// Its device lost the last registration while it hibernated.
    std::optional<LastingTime> push_ended_at{};
};

/// When it ends:
/// * registered: `until_important` after the beginning of hibernation; once an important
///   notification went out, the ordinary time from then (from the beginning of hibernation, if that
///   was before);
/// * not registered: the ordinary time from the beginning of hibernation, or from the moment push
///   ended;
/// * never later than the client asked for.
LastingTime hibernation_ends_at(const HibernationFacts& facts);

/// The most a session can hibernate from now on, for <enabled max>: an important notification may
/// go out at the last moment of `until_important`, but that is not promised.
Duration longest_hibernation(bool registered, Duration ordinary, Duration until_important);

}  // namespace clarion::push
