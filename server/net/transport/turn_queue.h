// TurnQueue: costly steps of many connections of one shard one after the other, so that what others
// have to say comes first.
//
// A TLS handshake costs as much as hundreds of stanzas, and a relayed file has always more to be
// moved. Who has such a step to do waits here, each time; in each turn of the shard a few go on, and
// networks take turns, so that one that opens connections as fast as it can waits for itself. On its
// shard only. A waiting connection costs no CPU; its own deadline bounds the wait.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/runtime/shard.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class TurnQueue final : public core::TurnEnd {
public:
    /// `steps_per_turn`: how many go on in a turn of the shard.
    TurnQueue(core::Shard& shard, int steps_per_turn);
    ~TurnQueue() override;

    /// A place in the queue, given up with it.
    class Place {
    public:
        /// `network`: SocketAddress::network(). `come` is called when it is its turn, and says
        /// whether the connection is still there. REQUIRES: the queue outlives the place.
        Place(TurnQueue& queue, std::string network, UniqueFunction<bool()> come);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        bool has_come() const { return came_; }

    private:
        friend class TurnQueue;
        TurnQueue& queue_;
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
    const int steps_per_turn_;
    std::unordered_map<std::string, std::list<Place*>> waiting_;  // by network, none is empty
    std::deque<std::string> order_;                               // of networks
    bool scheduled_ = false;                                      // or served in this turn
    std::shared_ptr<TurnQueue*> self_;  // what is posted may come too late
};

}  // namespace clarion::net
