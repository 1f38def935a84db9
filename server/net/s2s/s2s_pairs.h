// S2sPairs: how many streams a remote domain has to one of ours, over all shards.
//
// A server needs one or a few. One that opens more loses the oldest, as that is likely to be dead
// without anybody having noticed: it finds that out when it looks, once a second. One for all
// shards, shared by RemoteDomains. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/option.h"

namespace clarion::net {

/// The part of [s2s] that is about streams from one domain.
struct S2sPairOptions {
    std::int64_t max_incoming_streams = 8;
    static void declare(OptionTable<S2sPairOptions>& table);
};

class S2sPairs : public std::enable_shared_from_this<S2sPairs> {
    struct Held {
        std::list<Held>::iterator self{};
        std::atomic<bool> lost = false;
    };
    using Pair = std::pair<const std::string, std::list<Held>>;

public:
    /// One stream's place for one pair of domains; given back when it goes.
    class Place {
    public:
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place();
        /// Newer streams have taken it: the stream is to end.
        bool is_lost() const { return held_->lost.load(std::memory_order_relaxed); }

    private:
        friend class S2sPairs;
        Place(std::shared_ptr<S2sPairs> pairs, Pair& pair, Held& held)
            : pairs_(std::move(pairs)), pair_(&pair), held_(&held) {}
        std::shared_ptr<S2sPairs> pairs_;  // nullptr once moved from
        Pair* pair_;                       // maps do not move what they hold
        Held* held_;
    };

    /// `pair`: both domains. If it has `limit` already, its oldest is lost.
    Place take(const std::string& pair, std::size_t limit);

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::list<Held>> pairs_;  // oldest first
    std::list<Held> lost_;
};

}  // namespace clarion::net
