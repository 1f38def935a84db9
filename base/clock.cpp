#include "base/clock.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <fstream>

namespace clarion {
namespace {

using std::chrono::microseconds;

/// Goes on while the machine is suspended.
microseconds since_boot() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::duration_cast<microseconds>(std::chrono::seconds(now.tv_sec) +
                                                    std::chrono::nanoseconds(now.tv_nsec));
}

/// Empty if the machine does not say: then it is another one each time.
std::string boot_id() {
    std::string id;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
    return id;
}

WallTime calendar() { return std::chrono::floor<microseconds>(std::chrono::system_clock::now()); }

class SystemClock final : public Clock {
public:
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
    WallTime wall() const override { return calendar(); }
    LastingTime lasting() const override {
        return LastingTime(since_boot() + boot_.load(std::memory_order_relaxed));
    }
    void set_lasting(LastingTime now) { boot_ = now.time_since_epoch() - since_boot(); }

private:
    /// The lasting time at which the machine started.
    std::atomic<microseconds> boot_{calendar().time_since_epoch() - since_boot()};
};

SystemClock& the_clock() {
    static SystemClock clock;
    return clock;
}

}  // namespace

LastingTime resume_lasting_time(const ClockMark& last, const ClockMark& now) {
    const bool still_up =
        !now.boot.empty() && now.boot == last.boot && now.since_boot >= last.since_boot;
    const microseconds passed = still_up ? now.since_boot - last.since_boot : now.wall - last.wall;
    return last.lasting + std::max(passed, microseconds(0));
}

Clock& system_clock() { return the_clock(); }

ClockMark mark_system_clock() {
    return {the_clock().lasting(), the_clock().wall(), boot_id(), since_boot()};
}

void continue_lasting_time(const ClockMark& last) {
    the_clock().set_lasting(resume_lasting_time(last, mark_system_clock()));
}

}  // namespace clarion
