#include "server/core/streams/login_throttle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "base/id.h"
#include "proto/partition.h"

namespace clarion::core {

namespace {

/// Of each table. No option: all four together have some 5 MB at most, and a network or account
/// that is forgotten for want of a place only has its failures forgiven early.
constexpr std::size_t most_entries = 20000;
/// Devices of one owner that may log in at the same time without being taken for guesses.
constexpr std::uint32_t usual_attempts = 5;
constexpr std::uint32_t shared_allowance = 10;

std::uint64_t random_number() {
    std::array<unsigned char, sizeof(std::uint64_t)> bytes;
    fill_random(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

/// Those that may go are the ones `time_of` has a time for.
template <class Table, class TimeOf>
void drop_oldest_half(Table& table, TimeOf time_of) {
    std::vector<SteadyTime> times;
    times.reserve(table.size());
    for (const auto& [key, value] : table)
        if (const std::optional<SteadyTime> time = time_of(value)) times.push_back(*time);
    if (times.empty()) return;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    std::erase_if(table, [&](const auto& entry) {
        const std::optional<SteadyTime> time = time_of(entry.second);
        return time && *time <= *middle;
    });
}

}  // namespace

LoginThrottle::LoginThrottle()
    : secret_{random_number(), random_number()}, no_network_(siphash(secret_[0], secret_[1], {})) {}

LoginThrottle::Attempt::~Attempt() {
    if (!throttle_) return;
    const auto at = throttle_->pairs_.find(key_);
    if (at != throttle_->pairs_.end() && at->second.under_way > 0) --at->second.under_way;
    forget(throttle_->pairs_, key_);
}

LoginThrottle::Keys LoginThrottle::keys_of(std::string_view network,
                                           std::string_view account) const {
    const std::uint64_t from = siphash(secret_[0], secret_[1], network);
    return {.pair = siphash(secret_[0], from, account),
            .network = siphash(secret_[0], from, {}),
            .account = siphash(secret_[0], no_network_, account)};
}

/// Those that nothing is under way for may go: a flood of others must not wipe out what is
/// remembered of those who guess now, nor have us look for room again at the next of them.
LoginThrottle::Recent& LoginThrottle::find(Table& table, SteadyTime now, std::uint64_t key) {
    const auto at = table.find(key);
    if (at != table.end()) return at->second;
    if (table.size() >= most_entries) {
        drop_oldest_half(table, [](const Recent& recent) {
            return recent.under_way == 0 ? std::optional(recent.last) : std::nullopt;
        });
    }
    Recent& recent = table[key];
    recent.last = now;
    return recent;
}

/// Unless it says something.
void LoginThrottle::forget(Table& table, std::uint64_t key) {
    const auto at = table.find(key);
    if (at != table.end() && at->second.says_nothing()) table.erase(at);
}

LoginThrottle::Places LoginThrottle::places(SteadyTime now, const Keys& keys) {
    return {.pair = {&find(pairs_, now, keys.pair), 1},
            .network = {&find(networks_, now, keys.network), shared_allowance},
            .account = {&find(accounts_, now, keys.account), shared_allowance},
            .known = known_.contains(keys.pair)};
}

/// In the time of the longest pause as many are forgotten as count as one.
void LoginThrottle::forgive(const Place& place, SteadyTime now, Pauses pauses) {
    const Duration passed = std::chrono::duration_cast<Duration>(now - place.recent->last);
    const Duration one = std::max<Duration>(pauses.longest, std::chrono::seconds(1));
    const double forgiven =
        static_cast<double>(passed.count()) * place.allowance / static_cast<double>(one.count());
    place.recent->failures = std::max(0.0, place.recent->failures - forgiven);
    place.recent->last = now;
}

Duration LoginThrottle::pause(const Place& place, Pauses pauses) {
    const std::uint32_t under_way = place.recent->under_way;
    const double guesses =
        place.recent->failures + (under_way > usual_attempts ? under_way - usual_attempts : 0);
    const double free = place.allowance - 1;
    if (guesses <= free) return {};
    const auto counted = static_cast<std::uint32_t>(std::ceil((guesses - free) / place.allowance));
    return std::min(pauses.longest, pauses.first * (1u << std::min(counted - 1, 16u)));
}

std::optional<LoginThrottle::Attempt> LoginThrottle::begin(SteadyTime now, std::string_view network,
                                                           std::string_view account,
                                                           Pauses pauses) {
    const Keys keys = keys_of(network, account);
    const Places all = places(now, keys);
    const std::array<Place, 3> places{all.pair, all.network, all.account};
    const bool all_count = !all.known && !account.empty();
    const std::span<const Place> asked(places.data(), all_count ? places.size() : 1);
    SteadyTime start = now;
    for (const Place& place : asked) {
        forgive(place, now, pauses);
        start = std::max(start, place.recent->next);
    }
    if (start - now > pauses.longest) return std::nullopt;
    ++all.pair.recent->under_way;
    for (const Place& place : asked)
        place.recent->next = std::max(now, place.recent->next) + pause(place, pauses);
    forget(networks_, keys.network);
    forget(accounts_, keys.account);
    return Attempt(*this, keys.pair, std::chrono::ceil<Duration>(start - now));
}

Duration LoginThrottle::on_failure(SteadyTime now, std::string_view network,
                                   std::string_view account, Pauses pauses) {
    const Places all = places(now, keys_of(network, account));
    const std::array<Place, 3> places{all.pair, all.network, all.account};
    const std::span<const Place> counted(places.data(), account.empty() ? 1 : places.size());
    for (const Place& place : counted) {
        forgive(place, now, pauses);
        ++place.recent->failures;
        place.recent->next = std::max(place.recent->next, now + pause(place, pauses));
    }
    return pause(all.pair, pauses);
}

void LoginThrottle::on_success(SteadyTime now, std::string_view network, std::string_view account) {
    const std::uint64_t pair = keys_of(network, account).pair;
    if (const auto at = pairs_.find(pair); at != pairs_.end()) {
        at->second.failures = 0;
        at->second.next = now;
        at->second.last = now;
        forget(pairs_, pair);
    }
    if (known_.size() >= most_entries && !known_.contains(pair))
        drop_oldest_half(known_, [](SteadyTime last) { return std::optional(last); });
    known_[pair] = now;
}

}  // namespace clarion::core
