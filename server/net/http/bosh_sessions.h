// BoshSessions: where the BOSH sessions are, and the way of their requests there.
//
// A request comes to whichever shard accepted its connection; its session lives on the shard of its
// account. The shard on which a session began knows where it is now, for as long as it lasts, and
// the session's id (sid) names that shard: a request goes there, and on. What arrives where the
// session is no more goes back and waits until it has arrived somewhere.
//
// One per shard, on its thread; shards tell each other by ShardSet::post(). What one shard says
// does not overtake itself, but two may be heard in another order than they spoke: a session counts
// its moves, and of two reports the one of the later move holds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/jid.h"
#include "server/net/http/bosh_request.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class BoshStream;
class ShardNet;

class BoshSessions {
public:
    /// Done where the session lives; nullptr: there is none of that id.
    using Delivery = UniqueFunction<void(BoshStream*)>;

    explicit BoshSessions(ShardNet& net) : net_(net) {}

    /// A request that was accepted here.
    void begin(std::shared_ptr<HttpExchange> exchange);

    // For sessions. `moves`: how often the session has moved.
    /// A new one, here; its id.
    std::string make_sid() const;
    void began(const std::string& sid, BoshStream& session);
    void departed(const std::string& sid, std::uint32_t moves);
    void arrived(const std::string& sid, std::uint32_t moves, BoshStream& session);
    void ended(const std::string& sid);

private:
    /// Of a session that began here.
    struct Home {
        unsigned shard = 0;
        std::uint32_t moves = 0;
        bool moving = false;
        std::vector<Delivery> waiting{};
    };
    template <class T>
    using BySid = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

    void begin(BoshRequest request, HttpExchange& exchange);
    void on_shard(unsigned shard, UniqueFunction<void(BoshSessions&)> what);
    void deliver(std::string sid, Delivery what);
    void route(std::string sid, Delivery what);
    void hand_over(std::string sid, Delivery what);
    void note_departure(std::string_view sid, std::uint32_t moves);
    void note_arrival(const std::string& sid, std::uint32_t moves, unsigned shard);
    void note_end(std::string_view sid);

    ShardNet& net_;
    BySid<BoshStream*> here_;
    BySid<Home> homes_;
    std::uint64_t last_ticket_ = 0;
};

}  // namespace clarion::net
