#include "modules/registration/counts.h"

#include <chrono>

namespace clarion::registration {

bool Counts::take(SteadyTime now, std::string_view whose, std::int64_t limit) {
    if (limit == 0) return true;
    const auto over = [now, this](const Counted& each) { return now - each.began >= window_; };
    auto at = counted_.find(whose);
    if (at == counted_.end()) {
        if (counted_.size() >= most_ && now >= clean_at_) {
            std::erase_if(counted_, [&](const auto& entry) { return over(entry.second); });
            clean_at_ = now + std::chrono::minutes(1);
        }
        if (counted_.size() >= most_) return false;
        at = counted_.emplace(std::string(whose), Counted{now}).first;
    } else if (over(at->second)) {
        at->second = {now};
    }
    if (at->second.count >= limit) return false;
    ++at->second.count;
    return true;
}

void Counts::give_back(std::string_view whose) {
    const auto at = counted_.find(whose);
    if (at != counted_.end() && at->second.count > 0) --at->second.count;
}

}  // namespace clarion::registration
