#include "server/runtime/event_bus.h"

#include <algorithm>
#include <atomic>
#include <tuple>

namespace clarion::core {

std::size_t EventBus::next_index() {
    static std::atomic<std::size_t> next{0};
    return next++;
}

std::vector<std::string> EventBus::describe() const {
    auto sorted = order_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Order& a, const Order& b) {
        return std::tie(a.event, a.stage) < std::tie(b.event, b.stage);
    });
    std::vector<std::string> lines;
    for (const Order& each : sorted)
        lines.push_back(each.event + ' ' + std::string(each.stage_name) + ' ' + each.who);
    return lines;
}

}  // namespace clarion::core
