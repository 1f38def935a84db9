// The kinds of time. Types only: who asks for the time takes a Clock (base/clock.h).
//
// SteadyTime never jumps and means nothing outside this process: timeouts and intervals use it.
// WallTime is the calendar's (UTC): stamps on messages use it, and must tolerate that it jumps.
// LastingTime never jumps either, and goes on where it was when the server starts again: deadlines
// that are stored use it. It begins as the calendar's time, and keeps its distance from whatever is
// done to that later. The types do not convert into each other, on purpose.
#pragma once

#include <chrono>

namespace clarion {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using LastingTime = std::chrono::time_point<struct LastingClock, std::chrono::microseconds>;
using Duration = std::chrono::milliseconds;

}  // namespace clarion
