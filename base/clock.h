// Clock: the only source of time.
//
// A Clock is owned by App (or by a test, as ManualClock of tests/support) and outlives every shard;
// its calls are safe on any thread. What the times mean: base/time.h.
#pragma once

#include <string>

#include "base/time.h"

namespace clarion {

struct Clock {
    virtual ~Clock() = default;
    virtual SteadyTime steady() const = 0;
    virtual WallTime wall() const = 0;
    virtual LastingTime lasting() const = 0;

    /// When that was, or will be, by the calendar as it is now: for people to read.
    WallTime on_calendar(LastingTime at) const { return wall() + (at - lasting()); }
};

/// What the clocks show at one moment.
struct ClockMark {
    LastingTime lasting{};
    WallTime wall{};
    std::string boot;                        // which start of the machine it is
    std::chrono::microseconds since_boot{};  // and how long ago that was, time asleep included
};

/// Where lasting time goes on. `now`: as yet without its lasting time. As long as the machine runs,
/// what passed is known; if it was started anew only the calendar tells, which may have been set
/// meanwhile, but time does not go back.
LastingTime resume_lasting_time(const ClockMark& last, const ClockMark& now);

/// The machine's own clocks. Lives as long as the process. Its lasting time is the calendar's until
/// continue_lasting_time().
Clock& system_clock();

/// What system_clock() shows, to be stored for the next start.
ClockMark mark_system_clock();
/// Before anything asks it for the lasting time.
void continue_lasting_time(const ClockMark& last);

}  // namespace clarion
