// Clock: the only source of time.
//
// Two times, never mixed. SteadyTime never jumps and means nothing outside this process: timeouts
// and intervals use it. WallTime is the calendar's (UTC): stamps on messages and deadlines that are
// stored use it, and must tolerate that it jumps. A Clock is owned by App (or by a test, as
// ManualClock of tests/support) and outlives every shard; both calls are safe on any thread.
#pragma once

#include <chrono>

namespace clarion {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::milliseconds;

struct Clock {
    virtual ~Clock() = default;
    virtual SteadyTime steady() const = 0;
    virtual WallTime wall() const = 0;
};

/// The machine's own clocks. Lives as long as the process.
Clock& system_clock();

}  // namespace clarion
