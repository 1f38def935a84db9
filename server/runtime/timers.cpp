#include "server/runtime/timers.h"

namespace clarion::core {

TimerId Timers::add(SteadyTime at, UniqueFunction<void()> fn) {
    const TimerId id{++last_};
    const auto place = due_.emplace(at, std::pair{id, std::move(fn)});
    by_id_.emplace(last_, place);
    return id;
}

bool Timers::cancel(TimerId timer) {
    const auto found = by_id_.find(static_cast<std::uint64_t>(timer));
    if (found == by_id_.end()) return false;
    const auto dying = due_.extract(found->second);  // may add or cancel others when it goes
    by_id_.erase(found);
    return true;
}

UniqueFunction<void()> Timers::take_due(SteadyTime now) {
    if (next() > now || due_.empty()) return {};
    auto node = due_.extract(due_.begin());
    by_id_.erase(static_cast<std::uint64_t>(node.mapped().first));
    return std::move(node.mapped().second);
}

void Timers::discard() {
    by_id_.clear();
    const auto dying = std::exchange(due_, {});
}

}  // namespace clarion::core
