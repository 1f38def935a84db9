// ConnectionCounts: what counts in limits: connections of the whole process, by network, and those
// that have not authenticated; and what networks have others asked for them.
//
// One for all shards (ShardNet shares it): a connection keeps its place wherever it moves, and the
// kernel may give all of one address to one shard or spread them. Any thread; the lock is held for
// a look-up, at the beginning, at the login and at the end of a connection only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/option.h"
#include "base/time.h"

namespace clarion::net {

/// The part of [limits] that is about all connections.
struct ConnectionLimits {
    std::int64_t new_connections_per_second = 50;
    static void declare(OptionTable<ConnectionLimits>& table);
};

class ConnectionCounts : public std::enable_shared_from_this<ConnectionCounts> {
public:
    /// `question`: a dialback key that is being verified for a server of that network.
    enum class Kind : std::uint8_t { client, server, question };
    /// 0: no limit.
    struct Limits {
        std::int64_t per_network = 0;
        std::int64_t unauthenticated_per_network = 0;
        std::int64_t unauthenticated = 0;  // from everywhere
        std::int64_t new_per_second = 0;   // of one network, on average
        SteadyTime now{};                  // for the latter
    };

    /// One connection's place among those counted; given back when it goes.
    class Place {
    public:
        Place(Place&& other) noexcept
            : counts_(std::move(other.counts_)),
              network_(other.network_),
              kind_(other.kind_),
              unauthenticated_(other.unauthenticated_) {}
        Place& operator=(Place&&) = delete;
        ~Place();
        /// Further calls mean nothing.
        void note_authenticated();

    private:
        friend class ConnectionCounts;
        struct Held {
            std::int64_t all = 0;
            std::int64_t unauthenticated = 0;
        };
        using Network = std::pair<const std::string, Held>;
        Place(std::shared_ptr<ConnectionCounts> counts, Kind kind, Network& network)
            : counts_(std::move(counts)), network_(&network), kind_(kind) {}

        std::shared_ptr<ConnectionCounts> counts_;  // nullptr once moved from
        Network* network_;                          // maps do not move what they hold
        Kind kind_;
        bool unauthenticated_ = true;
    };

    /// A place for a connection from `network` (SocketAddress::network()), unless a limit is
    /// reached.
    std::optional<Place> admit(Kind kind, const std::string& network, Limits limits);
    std::int64_t unauthenticated(Kind kind) const;

private:
    struct Counts {
        std::unordered_map<std::string, Place::Held> by_network;
        std::int64_t unauthenticated = 0;
    };
    /// How many more may come now: some seconds' worth at most.
    struct Allowance {
        double left = 0;
        SteadyTime at{};
    };
    bool may_come(const std::string& network, const Limits& limits);
    void make_room(const Limits& limits);
    Counts& of(Kind kind) { return counts_[static_cast<std::size_t>(kind)]; }

    mutable std::mutex mutex_;
    std::array<Counts, 3> counts_;
    std::unordered_map<std::string, Allowance> arrivals_;  // by network; those that are not full
};

}  // namespace clarion::net
