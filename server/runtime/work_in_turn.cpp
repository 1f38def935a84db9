#include "server/runtime/work_in_turn.h"

#include <utility>

namespace clarion::core {

void WorkInTurn::push(std::string key, Work work) {
    const std::lock_guard lock(mutex_);
    std::deque<Work>& mine = waiting_[key];
    if (mine.empty()) order_.push_back(std::move(key));
    mine.push_back(std::move(work));
}

WorkInTurn::Work WorkInTurn::take() {
    const std::lock_guard lock(mutex_);
    if (order_.empty()) return {};
    std::string key = std::move(order_.front());
    order_.pop_front();
    const auto mine = waiting_.find(key);
    Work work = std::move(mine->second.front());
    mine->second.pop_front();
    if (mine->second.empty())
        waiting_.erase(mine);
    else
        order_.push_back(std::move(key));
    return work;
}

}  // namespace clarion::core
