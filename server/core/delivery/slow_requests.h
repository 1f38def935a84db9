// SlowRequests: how many slow requests of one asker run at a time, where no session of this shard
// counts them: of another server's users, and of users who live on other shards or ask others.
//
// Each that runs may have read a whole page before it answers. The window of the asker's stream
// bounds how many may wait here, which hold nothing but what was asked. One per shard.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "server/core/routing/envelope.h"

namespace clarion::core {

class Context;

class SlowRequests {
public:
    explicit SlowRequests(Context& context) : context_(context) {}
    SlowRequests(const SlowRequests&) = delete;
    SlowRequests& operator=(const SlowRequests&) = delete;

    /// One that runs. When it goes, one that waits is routed again.
    class Place {
    public:
        Place(Place&& other) noexcept
            : requests_(std::exchange(other.requests_, nullptr)), asker_(std::move(other.asker_)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (requests_) requests_->end(asker_);
        }

    private:
        friend class SlowRequests;
        Place(SlowRequests& requests, std::string asker)
            : requests_(&requests), asker_(std::move(asker)) {}
        SlowRequests* requests_;
        std::string asker_;
    };

    /// Nothing if as many run as may: then the request was taken, and waits.
    std::optional<Place> begin(Envelope& request);
    /// Of all askers, for tests.
    std::size_t waiting() const;

private:
    struct Asker {
        std::size_t running = 0;
        std::deque<Envelope> waiting;
    };
    void end(const std::string& asker);

    Context& context_;
    std::unordered_map<std::string, Asker> askers_;
};

}  // namespace clarion::core
