#include "server/core/streams/login_throttle.h"

#include <algorithm>

namespace clarion::core {

namespace {
constexpr auto forget_after = std::chrono::minutes(15);
constexpr std::size_t most_entries =
    20000;  // per table; beyond it the stale ones, then all, are forgotten
}  // namespace

std::uint32_t LoginThrottle::count(Table& table, SteadyTime now, std::string_view key) {
    if (table.size() >= most_entries) {
        std::erase_if(table,
                      [&](const auto& entry) { return now - entry.second.last > forget_after; });
        if (table.size() >= most_entries) table.clear();
    }
    auto at = table.find(key);
    if (at == table.end()) at = table.emplace(std::string(key), Recent{}).first;
    Recent& recent = at->second;
    if (now - recent.last > forget_after) recent.failures = 0;
    recent.last = now;
    return ++recent.failures;
}

Duration LoginThrottle::on_failure(SteadyTime now, std::string_view address,
                                   std::string_view account, Duration first, Duration longest) {
    const std::uint32_t failures =
        std::max(count(addresses_, now, address), count(accounts_, now, account));
    const auto doublings = std::min<std::uint32_t>(failures - 1, 16);
    return std::min(longest, first * (1u << doublings));
}

void LoginThrottle::on_success(std::string_view account) {
    if (auto at = accounts_.find(account); at != accounts_.end()) accounts_.erase(at);
}

}  // namespace clarion::core
