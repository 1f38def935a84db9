// ConnectionCounts: what counts in limits: connections of the whole process, by network, and those
// that have not authenticated; and what networks have others asked for them.
//
// When all places for those that have not authenticated are taken, the network that holds most of
// them gives one to a network that holds less: its oldest connection is told when it looks.
//
// One for all shards (ShardNet shares it): a connection keeps its place wherever it moves, and the
// kernel may give all of one address to one shard or spread them. Any thread; the lock is held for
// a look-up, at the beginning, at the login and at the end of a connection only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/option.h"
#include "base/time.h"
#include "server/net/allowances.h"

namespace clarion::net {

/// The part of [limits] that is about all connections.
struct ConnectionLimits {
    std::int64_t new_connections_per_second = 50;
    std::int64_t component_connections_per_address = 100;
    std::int64_t strangers_per_turn = 16;
    std::int64_t unauthenticated_bytes = 65536;
    static void declare(OptionTable<ConnectionLimits>& table);
};

class ConnectionCounts : public std::enable_shared_from_this<ConnectionCounts> {
public:
    /// `question`: a dialback key that is being verified for a server of that network;
    /// `bytestream`: one end of a stream that is relayed, authenticated once that is active; `http`,
    /// `admin`: a connection for requests, which never authenticates.
    enum class Kind : std::uint8_t { client, server, component, question, bytestream, http, admin };
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
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place();
        /// Further calls mean nothing.
        void note_authenticated();
        const std::string& network() const { return network_->first; }
        /// Another network has it now: not authenticated, its holder is to go. Costs little.
        bool is_lost() const { return waiting_ && waiting_->lost.load(std::memory_order_relaxed); }

    private:
        friend class ConnectionCounts;
        /// One that has not authenticated.
        struct Waiting {
            std::list<Waiting>::iterator self{};
            std::atomic<bool> lost = false;
        };
        struct Held {
            Kind kind;
            std::int64_t all = 0;
            std::list<Waiting> waiting{};  // oldest first
        };
        using Network = std::pair<const std::string, Held>;
        Place(std::shared_ptr<ConnectionCounts> counts, Network& network, Waiting& waiting)
            : counts_(std::move(counts)), network_(&network), waiting_(&waiting) {}

        std::shared_ptr<ConnectionCounts> counts_;  // nullptr once moved from
        Network* network_;                          // maps do not move what they hold
        Waiting* waiting_;                          // nullptr: authenticated
    };

    /// A place for a connection from `network` (SocketAddress::network()), unless a limit is
    /// reached.
    std::optional<Place> admit(Kind kind, const std::string& network, Limits limits);
    std::int64_t unauthenticated(Kind kind) const;

private:
    struct Counts {
        std::unordered_map<std::string, Place::Held> by_network;
        std::int64_t unauthenticated = 0;
        std::set<std::pair<std::size_t, Place::Network*>> by_waiting;  // those that have any
        std::list<Place::Waiting> lost;                                // not counted any more
    };
    static void rank(Counts& counts, Place::Network& network, std::size_t before);
    static Place::Waiting& begin_waiting(Counts& counts, Place::Network& network);
    static void end_waiting(Counts& counts, Place::Network& network, Place::Waiting& waiting);
    static bool displace(Counts& counts, std::size_t mine);
    Counts& of(Kind kind) { return counts_[static_cast<std::size_t>(kind)]; }

    mutable std::mutex mutex_;
    std::array<Counts, 7> counts_;
    Allowances arrivals_;  // of networks
};

}  // namespace clarion::net
