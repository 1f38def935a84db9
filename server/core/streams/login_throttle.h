// LoginThrottle: guessing passwords is slow, however many connections guess.
//
// Before a password is tried the attempt gets a time of its own: at once, unless there were
// failures. Then attempts follow each other, with a pause that doubles with each recent failure;
// who would have to wait longer than the longest pause is refused. Failures are counted
//
//     of an account from one network    each counts
//     of a network, of an account       each tenth counts; one in ten pauses is forgotten at a time
//
// so that somebody who guesses from elsewhere does not keep the owner out, nor their neighbours.
// An owner who got in from a network before is not hindered by the latter two at all.
//
// One per shard. Who has nothing against them takes no room: of an account whose owner got in only
// that is remembered, in 32 bytes. A login is decided on its account's home shard, so attempts on one account meet in
// one table from wherever they come; attempts from one network on many accounts meet in one table
// per shard. Tables are bounded: the oldest half goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"

namespace clarion::core {

class LoginThrottle {
public:
    /// The pause after the first failure ([auth] failure_delay), and the longest.
    struct Pauses {
        Duration first, longest;
    };

    /// An attempt that is under way; ends when it goes. On its shard only.
    class Attempt {
    public:
        Attempt(Attempt&& other) noexcept
            : throttle_(std::exchange(other.throttle_, nullptr)),
              key_(other.key_),
              wait_(other.wait_) {}
        Attempt& operator=(Attempt&&) = delete;
        ~Attempt();
        /// How long the password must not be tried yet.
        Duration wait() const { return wait_; }

    private:
        friend class LoginThrottle;
        Attempt(LoginThrottle& throttle, std::uint64_t key, Duration wait)
            : throttle_(&throttle), key_(key), wait_(wait) {}
        LoginThrottle* throttle_;
        std::uint64_t key_;
        Duration wait_;
    };

    LoginThrottle();

    /// `network`: ConnectionInfo::network. Without an `account`, what counts is the network alone,
    /// as if it were one. nullopt: not now.
    std::optional<Attempt> begin(SteadyTime now, std::string_view network, std::string_view account,
                                 Pauses pauses);
    /// Counts a failure and says how long its answer must wait.
    Duration on_failure(SteadyTime now, std::string_view network, std::string_view account,
                        Pauses pauses);
    /// The account's owner got in: failures from their network are forgiven, others are not.
    void on_success(SteadyTime now, std::string_view network, std::string_view account);

private:
    struct Recent {
        double failures = 0;  // fewer as time goes by
        std::uint32_t under_way = 0;
        SteadyTime last{};  // when that was so
        SteadyTime next{};  // when the next attempt may be made

        bool says_nothing() const { return failures == 0 && under_way == 0 && next <= last; }
    };
    /// By a hash of network, account or both that nobody outside can foresee.
    using Table = std::unordered_map<std::uint64_t, Recent>;
    /// What one table says: the same for all that count.
    struct Place {
        Recent* recent;
        std::uint32_t allowance;  // failures that count as one
    };
    struct Places {
        Place pair, network, account;
        bool known;  // got in from there before
    };
    struct Keys {
        std::uint64_t pair, network, account;
    };
    Keys keys_of(std::string_view network, std::string_view account) const;
    static Recent& find(Table& table, SteadyTime now, std::uint64_t key);
    static void forget(Table& table, std::uint64_t key);
    static Duration pause(const Place& place, Pauses pauses);
    static void forgive(const Place& place, SteadyTime now, Pauses pauses);
    Places places(SteadyTime now, const Keys& keys);

    const std::uint64_t secret_[2];
    const std::uint64_t no_network_;  // the hash of an empty one
    Table pairs_, networks_, accounts_;
    std::unordered_map<std::uint64_t, SteadyTime> known_;  // pairs, and when they last got in
};

}  // namespace clarion::core
