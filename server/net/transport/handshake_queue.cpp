#include "server/net/transport/handshake_queue.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace clarion::net {

namespace {
/// A handshake has two: an answer to the hello, which is what costs, and a look at the end. No
/// option: turns are short while there is nothing else to do, so a shard that is idle makes as many
/// handshakes as it can, and in a busy one they take a few milliseconds of a turn.
constexpr int steps_per_turn = 4;
}  // namespace

HandshakeQueue::HandshakeQueue(core::Shard& shard)
    : shard_(shard), self_(std::make_shared<HandshakeQueue*>(this)) {}

HandshakeQueue::~HandshakeQueue() {
    *self_ = nullptr;
    shard_.forget(*this);
}

HandshakeQueue::Place::Place(HandshakeQueue& queue, std::string network,
                             UniqueFunction<bool()> come)
    : queue_(queue), network_(std::move(network)), come_(std::move(come)) {
    auto& mine = queue.waiting_[network_];
    if (mine.empty()) queue.order_.push_back(network_);
    at_ = mine.insert(mine.end(), this);
    queue.schedule();
}

HandshakeQueue::Place::~Place() {
    if (!came_) queue_.remove(*this);
}

void HandshakeQueue::remove(Place& place) {
    const auto mine = waiting_.find(place.network_);
    mine->second.erase(place.at_);
    if (!mine->second.empty()) return;
    waiting_.erase(mine);
    std::erase(order_, place.network_);
}

/// A few each turn, not each time that somebody comes.
void HandshakeQueue::schedule() {
    if (std::exchange(scheduled_, true)) return;
    boost::asio::post(shard_.executor(), [self = self_] {
        if (*self) (*self)->serve();
    });
}

void HandshakeQueue::serve() {
    for (int left = steps_per_turn; left > 0 && !order_.empty();) {
        std::string network = std::move(order_.front());
        order_.pop_front();
        const auto mine = waiting_.find(network);
        Place& first = *mine->second.front();
        mine->second.pop_front();
        first.came_ = true;
        if (mine->second.empty())
            waiting_.erase(mine);
        else
            order_.push_back(std::move(network));
        if (first.come_()) --left;
    }
    shard_.at_turn_end(*this);
}

void HandshakeQueue::end_turn() {
    scheduled_ = false;
    if (!order_.empty()) schedule();
}

}  // namespace clarion::net
