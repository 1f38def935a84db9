#include "server/net/allowances.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace clarion::net {

bool Allowances::take(std::string_view who, SteadyTime now, Rate rate) {
    if (rate.per_second == 0) return true;
    const double full =
        static_cast<double>(rate.per_second) * static_cast<double>(rate.seconds_at_once);
    Left& left = of(who, {full, now});
    const double seconds = std::chrono::duration<double>(now - left.at).count();
    left.times = std::min(full, left.times + seconds * static_cast<double>(rate.per_second));
    left.at = now;
    if (left.times < 1) return false;
    --left.times;
    return true;
}

Allowances::Left& Allowances::of(std::string_view who, Left full) {
    if (const auto known = young_.find(who); known != young_.end()) return known->second;
    if (young_.size() >= most_ / 2) old_ = std::exchange(young_, {});
    if (const auto known = old_.find(who); known != old_.end())
        return young_.insert(old_.extract(known)).position->second;
    return young_.emplace(std::string(who), full).first->second;
}

}  // namespace clarion::net
