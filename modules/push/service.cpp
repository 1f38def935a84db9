#include "modules/push/service.h"

#include <algorithm>

namespace clarion::push {

namespace {
constexpr Duration first_back_off = std::chrono::seconds(30);
constexpr Duration longest_back_off = std::chrono::hours(1);
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
    return {attempt_, heard_, now};
}

bool ServiceLink::heard() {
    ++heard_;
    return reachable();
}

bool ServiceLink::failed(const Departure& departure, SteadyTime now, std::uint64_t random) {
    if (departure.attempt != attempt_) return false;
    ++attempt_;
    ++step_;
    probing_ = false;
    retry_at_ = now + back_off(step_, random);
    return true;
}

bool ServiceLink::reachable() {
    if (up()) return false;
    ++attempt_;
    step_ = 0;
    probing_ = false;
    return true;
}

}  // namespace clarion::push
