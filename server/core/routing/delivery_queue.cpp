#include "server/core/routing/delivery_queue.h"

#include <iterator>
#include <utility>

#include "server/core/address/homes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/router.h"
#include "server/core/routing/strays.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

/// Memory for more than these is given back once it is empty.
constexpr std::size_t kept_capacity = 256;

}  // namespace

void DeliveryQueue::push_at_home(Delivery&& delivery) {
    const Home home = context_.homes().of(delivery.partition);
    if (home.shard == context_.shard().index()) return push(std::move(delivery));
    DeliveryQueue* const target = &context_.at(home.shard).deliveries();
    context_.shards().post(home.shard,
                           [target, epoch = home.epoch, delivery = std::move(delivery)]() mutable {
                               target->take_post(epoch, std::move(delivery));
                           });
}

/// `epoch`: as the sender knew it. Of another time, it goes to whom Homes names now.
void DeliveryQueue::take_post(std::uint32_t epoch, Delivery delivery) {
    const Partition partition = delivery.partition;
    if (context_.partition_table().delivers(partition) &&
        context_.homes().of(partition).epoch != epoch)
        return push_at_home(std::move(delivery));
    push(std::move(delivery));
}

bool DeliveryQueue::begin_turn() {
    budget_ = static_cast<std::size_t>(context_.options<LimitsOptions>().deliveries_per_turn);
    return run();
}

bool DeliveryQueue::run() {
    if (running_ || empty() || budget_ == 0) return false;
    struct Running {  // however it ends
        DeliveryQueue& queue;
        ~Running() {
            queue.running_ = false;
            queue.line_up_caused();
        }
    } const running{*this};
    running_ = true;
    while (!empty() && budget_ > 0) {
        --budget_;
        deliver(take());
        line_up_caused();
    }
    return true;
}

DeliveryQueue::Delivery DeliveryQueue::take() {
    if (!next_.empty()) {
        Delivery last = std::move(next_.back());
        next_.pop_back();
        return last;
    }
    Delivery first = std::move(said_[at_++]);
    // Also while more keeps coming, so that a shard that is never done does not grow.
    if (at_ * 2 >= said_.size()) {
        said_.erase(said_.begin(), said_.begin() + static_cast<std::ptrdiff_t>(at_));
        at_ = 0;
        if (said_.empty() && said_.capacity() > kept_capacity) said_.shrink_to_fit();
    }
    return first;
}

void DeliveryQueue::line_up_caused() {
    if (caused_.empty()) return;
    next_.insert(next_.end(), std::move_iterator(caused_.rbegin()),
                 std::move_iterator(caused_.rend()));
    caused_.clear();
}

bool DeliveryQueue::is_stray(const Delivery& delivery) const {
    if (!delivery.by_partition()) return false;
    const PartitionState state = context_.partition_table().state(delivery.partition);
    return state < (delivery.to == To::answer ? PartitionState::leaving : PartitionState::draining);
}

void DeliveryQueue::deliver_outside(Delivery&& delivery) {
    if (!recipients_.may_leave(delivery.envelope)) return;
    if (delivery.to == To::component)
        context_.router().deliver_to_component(std::move(delivery.envelope));
    else
        context_.router().deliver_to_remote(std::move(delivery.envelope));
}

void DeliveryQueue::deliver(Delivery&& delivery) {
    if (is_stray(delivery)) return context_.strays().take(std::move(delivery));
    Router& router = context_.router();
    switch (delivery.to) {
        case To::account: return recipients_.deliver_to_account(std::move(delivery.envelope));
        case To::host: return recipients_.deliver_to_host(std::move(delivery.envelope));
        case To::service: return router.deliver_to_service(std::move(delivery.envelope));
        case To::component:
        case To::remote: return deliver_outside(std::move(delivery));
        case To::session:
            return recipients_.deliver_to_session(*delivery.session, std::move(delivery.envelope));
        case To::task_at_home:
        case To::answer:
        case To::task: return delivery.task(context_);
    }
}

void DeliveryQueue::discard() {
    for (auto* list : {&said_, &caused_, &next_}) const auto dying = std::exchange(*list, {});
    at_ = 0;
    context_.strays().discard();
}

}  // namespace clarion::core
