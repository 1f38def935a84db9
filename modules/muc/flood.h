// Flood: how often something may happen, and whether it may now. A token bucket: so many at once,
// and then so many a second. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace clarion::muc {

struct Rate {
    /// As many at once.
    Rate(double each_second) : Rate(each_second, each_second) {}  // NOLINT: a number is a rate
    Rate(double each_second, double together)
        : per_second(each_second), at_once(std::max(together, 1.0)) {}

    double per_second;  // 0: any number
    double at_once;
};

class Flood {
public:
    /// Counts one more. False: that is too often; it is not counted. `count`: how many come
    /// together; more than are allowed at once are waited for afterwards.
    bool allows(const Rate& rate, SteadyTime now, std::size_t count = 1) {
        if (!has_room(rate, now)) return false;
        if (rate.per_second > 0) full_at_ = std::max(full_at_, now) + time_for(count, rate);
        return true;
    }
    /// Whether it would allow one more.
    bool has_room(const Rate& rate, SteadyTime now) const {
        if (rate.per_second <= 0 || is_rested(now)) return true;
        const double used = std::chrono::duration<double>(full_at_ - now).count() * rate.per_second;
        constexpr double rounding = 1e-6;
        return rate.at_once - used >= 1 - rounding;
    }
    /// Nothing is left of what happened: it is like a new one.
    bool is_rested(SteadyTime now) const { return full_at_ <= now; }

private:
    static SteadyTime::duration time_for(std::size_t count, const Rate& rate) {
        constexpr double longest = 1e8;  // seconds
        const double seconds = std::min(static_cast<double>(count) / rate.per_second, longest);
        return std::chrono::duration_cast<SteadyTime::duration>(
            std::chrono::duration<double>(seconds));
    }

    SteadyTime full_at_{};  // when as many as are allowed at once may happen again
};

}  // namespace clarion::muc
