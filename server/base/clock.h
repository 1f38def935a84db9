// Clock: the only source of time.
//
// A Clock is owned by App (or by a test, as ManualClock of tests/support) and outlives every shard;
// both calls are safe on any thread. What the two times mean: server/base/time.h.
#pragma once

#include "server/base/time.h"

namespace clarion {

struct Clock {
    virtual ~Clock() = default;
    virtual SteadyTime steady() const = 0;
    virtual WallTime wall() const = 0;
};

/// The machine's own clocks. Lives as long as the process.
Clock& system_clock();

}  // namespace clarion
