#include "server/net/transport/turn_queue.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace clarion::net {

TurnQueue::TurnQueue(core::Shard& shard, int steps_per_turn)
    : shard_(shard), steps_per_turn_(steps_per_turn), self_(std::make_shared<TurnQueue*>(this)) {}

TurnQueue::~TurnQueue() {
    *self_ = nullptr;
    shard_.forget(*this);
}

TurnQueue::Place::Place(TurnQueue& queue, std::string network, UniqueFunction<bool()> come)
    : queue_(queue), network_(std::move(network)), come_(std::move(come)) {
    auto& mine = queue.waiting_[network_];
    if (mine.empty()) queue.order_.push_back(network_);
    at_ = mine.insert(mine.end(), this);
    queue.schedule();
}

TurnQueue::Place::~Place() {
    if (!came_) queue_.remove(*this);
}

void TurnQueue::remove(Place& place) {
    const auto mine = waiting_.find(place.network_);
    mine->second.erase(place.at_);
    if (!mine->second.empty()) return;
    waiting_.erase(mine);
    std::erase(order_, place.network_);
}

/// A few each turn, not each time that somebody comes.
void TurnQueue::schedule() {
    if (std::exchange(scheduled_, true)) return;
    boost::asio::post(shard_.executor(), [self = self_] {
        if (*self) (*self)->serve();
    });
}

void TurnQueue::serve() {
    for (int left = steps_per_turn_; left > 0 && !order_.empty();) {
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

void TurnQueue::end_turn() {
    scheduled_ = false;
    if (!order_.empty()) schedule();
}

}  // namespace clarion::net
