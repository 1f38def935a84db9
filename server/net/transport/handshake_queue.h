// HandshakeQueue: TLS handshakes of one shard one after the other, so that those whose connection
// is there already come first.
//
// A handshake costs as much as hundreds of stanzas. Who has sent something of it waits here, each
// time; in each turn of the shard a few go on, and networks take turns, so that one that opens
// connections as fast as it can waits for itself. On its shard only. A waiting connection costs no
// CPU; its handshake deadline bounds the wait.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/runtime/shard.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class HandshakeQueue final : public core::TurnEnd {
public:
    explicit HandshakeQueue(core::Shard& shard);
    ~HandshakeQueue() override;

    /// A place in the queue, given up with it.
    class Place {
    public:
        /// `network`: SocketAddress::network(). `come` is called when it is its turn, and says
        /// whether the connection is still there. REQUIRES: the queue outlives the place.
        Place(HandshakeQueue& queue, std::string network, UniqueFunction<bool()> come);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        bool has_come() const { return came_; }

    private:
        friend class HandshakeQueue;
        HandshakeQueue& queue_;
        const std::string network_;
        UniqueFunction<bool()> come_;
        std::list<Place*>::iterator at_;  // among those of its network, unless it has come
        bool came_ = false;
    };

    // TurnEnd
    void end_turn() override;

private:
    void schedule();
    void serve();
    void remove(Place& place);

    core::Shard& shard_;
    std::unordered_map<std::string, std::list<Place*>> waiting_;  // by network, none is empty
    std::deque<std::string> order_;                               // of networks
    bool scheduled_ = false;                                      // or served in this turn
    std::shared_ptr<HandshakeQueue*> self_;  // what is posted may come too late
};

}  // namespace clarion::net
