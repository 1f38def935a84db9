#include "modules/push/service.h"

#include <algorithm>

namespace clarion::push {

namespace {
constexpr Duration first_back_off = std::chrono::seconds(30);
constexpr Duration longest_back_off = std::chrono::hours(1);

std::int64_t hour_of(WallTime time) {
    return std::chrono::floor<std::chrono::hours>(time.time_since_epoch()).count();
}
}  // namespace

Duration back_off(unsigned step, std::uint64_t random) {
    const unsigned doublings = std::min(step == 0 ? 0u : step - 1, 16u);
    const Duration base = std::min(first_back_off * (1 << doublings), longest_back_off);
    return base + Duration(static_cast<Duration::rep>(
                      random % static_cast<std::uint64_t>(base.count() / 4 + 1)));
}

bool ServiceLink::may_send(SteadyTime now, std::size_t max_outstanding) const {
    if (outstanding_ >= max_outstanding) return false;
    return up() || (!probing_ && now >= retry_at_);
}

ServiceLink::Departure ServiceLink::depart(SteadyTime now) {
    ++outstanding_;
    if (!up()) probing_ = true;
    return {attempt_, failures_, heard_, now};
}

bool ServiceLink::heard(SteadyTime now) {
    ++heard_;
    heard_at_ = now;
    return reachable();
}

bool ServiceLink::failed(const Departure& departure, unsigned shard, SteadyTime now,
                         std::uint64_t random) {
    if (!is_current(departure)) return false;
    fail_with({shard, step_ + 1, now, now + back_off(step_ + 1, random)});
    return true;
}

bool ServiceLink::adopt(const FailedAttempt& failure, Duration patience) {
    if (heard_at_ > failure.at || failure.step < step_) return false;
    const bool same_attempt = failure.step == step_;
    // Two shards met the same outage: the one with the lower number leads.
    if (same_attempt && failure.shard > last_failure_.shard) return false;
    if (!same_attempt) fail_with(failure);
    last_failure_ = failure;
    retry_at_ = failure.retry_at + patience;
    return !same_attempt;
}

void ServiceLink::fail_with(const FailedAttempt& failure) {
    ++attempt_;
    ++failures_;
    step_ = failure.step;
    probing_ = false;
    retry_at_ = failure.retry_at;
    last_failure_ = failure;
}

void ServiceLink::hold_off(SteadyTime until) {
    if (!up()) retry_at_ = std::max(retry_at_, until);
}

bool ServiceLink::reachable() {
    if (up()) return false;
    ++attempt_;
    step_ = 0;
    probing_ = false;
    return true;
}

void DayCount::add(WallTime now) {
    const std::int64_t number = hour_of(now);
    Hour& hour = hours_[static_cast<std::size_t>(number) % hours_.size()];
    if (hour.number != number) hour = {number, 0};
    ++hour.count;
}

std::uint32_t DayCount::value(WallTime now) const {
    const std::int64_t newest = hour_of(now);
    std::uint32_t sum = 0;
    for (const Hour& hour : hours_)
        if (hour.number > newest - static_cast<std::int64_t>(hours_.size())) sum += hour.count;
    return sum;
}

}  // namespace clarion::push
