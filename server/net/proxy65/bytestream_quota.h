// BytestreamQuota: how many streams are active in the whole process and on whose account, and how
// many bytes each account may still have passed on.
//
// One for all shards (BytestreamRelay shares it), because streams of one account may be on any. The
// lock is held for a look-up, at the beginning and at the end of a stream, and for a few additions
// with each 32 KB that are passed on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace clarion::net {

/// So many bytes a second on average, and some seconds' worth at once.
class ByteMeter {
public:
    /// Whether more may be passed on now. `per_second` 0: always.
    bool may_go_on(SteadyTime now, std::int64_t per_second);
    void spend(std::size_t bytes) { left_ -= static_cast<double>(bytes); }

private:
    double left_ = 0;
    std::optional<SteadyTime> filled_{};  // never: it is full
};

class BytestreamQuota : public std::enable_shared_from_this<BytestreamQuota> {
public:
    struct Limits {
        std::int64_t streams;
        std::int64_t per_account;
    };

    /// One active stream's place; given back when it goes. Any thread.
    class Place {
    public:
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place();
        /// ByteMeter's, of the account.
        bool may_go_on(SteadyTime now, std::int64_t per_second);
        void spend(std::size_t bytes);

    private:
        friend class BytestreamQuota;
        struct Held {
            std::int64_t streams = 0;
            ByteMeter meter{};
            SteadyTime used_at{};
        };
        using Account = std::pair<const std::string, Held>;
        Place(std::shared_ptr<BytestreamQuota> quota, Account& account)
            : quota_(std::move(quota)), account_(&account) {}

        std::shared_ptr<BytestreamQuota> quota_;  // nullptr once moved from
        Account* account_;                        // maps do not move what they hold
    };

    /// Unless a limit is reached.
    std::optional<Place> admit(const std::string& account, Limits limits, SteadyTime now);

private:
    void forget_ended(SteadyTime now);

    std::mutex mutex_;
    std::unordered_map<std::string, Place::Held> accounts_;
    std::int64_t streams_ = 0;
    /// Accounts whose last stream was last used then. Their meters are kept as long as an empty one
    /// takes to fill: who begins anew all the time gets no more than others.
    std::deque<std::pair<SteadyTime, std::string>> ended_;
};

}  // namespace clarion::net
