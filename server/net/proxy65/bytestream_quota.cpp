#include "server/net/proxy65/bytestream_quota.h"

#include <algorithm>
#include <chrono>

namespace clarion::net {

namespace {
/// A file of usual size goes as fast as the line lets it.
constexpr double seconds_at_once = 4;
}  // namespace

bool ByteMeter::may_go_on(SteadyTime now, std::int64_t per_second) {
    if (per_second == 0) return true;
    const double rate = static_cast<double>(per_second);
    const double most = rate * seconds_at_once;
    const double seconds =
        filled_ ? std::chrono::duration<double>(now - *filled_).count() : seconds_at_once;
    left_ = std::min(most, left_ + seconds * rate);
    filled_ = now;
    return left_ > 0;
}

std::optional<BytestreamQuota::Place> BytestreamQuota::admit(const std::string& account,
                                                             Limits limits, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    forget_ended(now);
    if (streams_ >= limits.streams) return std::nullopt;
    const auto known = accounts_.find(account);
    if (known != accounts_.end() && known->second.streams >= limits.per_account)
        return std::nullopt;
    Place::Account& mine =
        known != accounts_.end() ? *known : *accounts_.try_emplace(account).first;
    ++mine.second.streams;
    mine.second.used_at = now;
    ++streams_;
    return Place(shared_from_this(), mine);
}

void BytestreamQuota::forget_ended(SteadyTime now) {
    const auto is_full_since = now - std::chrono::seconds(static_cast<int>(seconds_at_once));
    for (; !ended_.empty() && ended_.front().first <= is_full_since; ended_.pop_front()) {
        const auto account = accounts_.find(ended_.front().second);
        if (account == accounts_.end() || account->second.streams > 0) continue;
        if (account->second.used_at <= is_full_since) accounts_.erase(account);
    }
}

bool BytestreamQuota::Place::may_go_on(SteadyTime now, std::int64_t per_second) {
    const std::lock_guard lock(quota_->mutex_);
    account_->second.used_at = now;
    return account_->second.meter.may_go_on(now, per_second);
}

void BytestreamQuota::Place::spend(std::size_t bytes) {
    const std::lock_guard lock(quota_->mutex_);
    account_->second.meter.spend(bytes);
}

BytestreamQuota::Place::~Place() {
    if (!quota_) return;
    const std::lock_guard lock(quota_->mutex_);
    --quota_->streams_;
    const auto& [name, held] = *account_;
    if (--account_->second.streams == 0) quota_->ended_.emplace_back(held.used_at, name);
}

}  // namespace clarion::net
