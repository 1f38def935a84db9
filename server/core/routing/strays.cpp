#include "server/core/routing/strays.h"
#include "server/core/address/homes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"

#include <iterator>
#include <utility>

namespace clarion::core {

bool Strays::goes_elsewhere(Partition partition) const {
    return context_.partition_table().state(partition) == PartitionState::away &&
           context_.homes().shard_of(partition) != context_.shard().index();
}

void Strays::send_on(Delivery delivery) {
    const unsigned home = context_.homes().shard_of(delivery.partition);
    Context* const target = &context_.at(home);
    context_.shards().post(home, [target, delivery = std::move(delivery)]() mutable {
        target->strays().take_forwarded(std::move(delivery));
    });
}

void Strays::add(std::vector<Delivery>& to, Delivery delivery) {
    if (delivery.envelope.stanza) ++stanzas_;
    to.push_back(std::move(delivery));
}

void Strays::hold(std::vector<Delivery>& to, Delivery delivery) {
    Envelope& envelope = delivery.envelope;
    if (envelope.stanza && context_.router().bounce_beyond_limit(envelope, stanzas_)) return;
    add(to, std::move(delivery));
}

void Strays::take(Delivery delivery) {
    if (goes_elsewhere(delivery.partition)) return send_on(std::move(delivery));
    hold(held_, std::move(delivery));
}

void Strays::take_forwarded(Delivery delivery) {
    if (context_.partition_table().delivers(delivery.partition))
        return context_.deliveries().push(std::move(delivery));
    if (goes_elsewhere(delivery.partition)) return send_on(std::move(delivery));
    hold(forwarded_, std::move(delivery));
}

std::vector<Strays::Delivery> Strays::take_out(std::vector<Delivery>& from,
                                               const PartitionSet& partitions) {
    std::vector<Delivery> taken, rest;
    for (Delivery& delivery : from)
        (partitions.contains(delivery.partition) ? taken : rest).push_back(std::move(delivery));
    from = std::move(rest);
    for (const Delivery& delivery : taken)
        if (delivery.envelope.stanza) --stanzas_;
    return taken;
}

void Strays::forward(const PartitionSet& partitions) {
    for (auto* list : {&left_, &forwarded_, &held_})
        for (Delivery& delivery : take_out(*list, partitions)) send_on(std::move(delivery));
}

void Strays::deliver(const PartitionSet& partitions) {
    for (auto* list : {&left_, &forwarded_, &held_})
        for (Delivery& delivery : take_out(*list, partitions))
            context_.deliveries().push(std::move(delivery));
}

void Strays::discard() {
    for (auto* list : {&left_, &forwarded_, &held_}) const auto dying = std::exchange(*list, {});
    stanzas_ = 0;
}

}  // namespace clarion::core
