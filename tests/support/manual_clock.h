// ManualClock: a Clock that stands still until the test moves it.
//
// advance() moves all times, as real time does; set_wall() jumps the calendar alone, as an
// administrator or NTP does. Not synchronised: move it while no shard is running.
#pragma once

#include "base/clock.h"

namespace clarion {

class ManualClock final : public Clock {
public:
    /// Starts at 2026-01-01T00:00:00Z, so that stamps in tests read well.
    ManualClock() = default;
    explicit ManualClock(WallTime wall) : wall_(wall), lasting_(wall.time_since_epoch()) {}

    SteadyTime steady() const override { return steady_; }
    WallTime wall() const override { return wall_; }
    LastingTime lasting() const override { return lasting_; }

    void advance(std::chrono::microseconds by) {
        steady_ += by;
        wall_ += by;
        lasting_ += by;
    }
    void set_wall(WallTime wall) { wall_ = wall; }

private:
    SteadyTime steady_{std::chrono::hours(1)};
    WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    LastingTime lasting_{wall_.time_since_epoch()};
};

}  // namespace clarion
