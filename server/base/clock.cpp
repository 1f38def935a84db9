#include "server/base/clock.h"

namespace clarion {
namespace {

struct SystemClock final : Clock {
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
    WallTime wall() const override {
        return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

}  // namespace clarion
