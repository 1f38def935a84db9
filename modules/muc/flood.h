// Flood: how often something may happen, and whether it may now. A token bucket: a burst, and then
// so many a second. Pure.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace clarion::muc {

class Flood {
public:
    /// Counts one more. False: that is too often; it is not counted. `rate`: a second, and as many
    /// at once; 0: any number. `count`: how many come together; more than are allowed at once are
    /// waited for afterwards.
    bool allows(double rate, SteadyTime now, std::size_t count = 1) {
        if (rate <= 0) return true;
        if (since_ == SteadyTime{}) level_ = rate;
        const double seconds = std::chrono::duration<double>(now - since_).count();
        level_ = std::min(std::max(rate, 1.0), level_ + seconds * rate);
        since_ = now;
        if (level_ < 1) return false;
        level_ -= static_cast<double>(count);
        return true;
    }

private:
    SteadyTime since_{};
    double level_ = 0;
};

}  // namespace clarion::muc
