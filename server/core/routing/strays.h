// Strays: what came to this shard for partitions that are not here: not yet, not any more, or
// nobody's. It is held, in order, or goes on to whom Homes names; it is never delivered here.
//
// A partition that moves leaves behind it what arrives for it here, from the moment it is closed.
// When Homes names its next home all of that is forwarded, and so is what others still send here.
// There it comes before what was sent there directly (docs/design/003-homes.md). What is
// held has tickets, so the ack windows of those who sent it bound it, and lasts as long as a move;
// beyond [partitions] max_held_stanzas a stanza is answered with an error, unless it is an answer.
// Tasks have no limit. One per shard.
#pragma once

#include <cstddef>
#include <vector>

#include "server/core/routing/delivery_queue.h"

namespace clarion::core {

class Strays {
public:
    using Delivery = DeliveryQueue::Delivery;

    explicit Strays(Context& context) : context_(context) {}

    /// Of a partition that is not here.
    void take(Delivery delivery);
    /// From its last home, where it had come before.
    void take_forwarded(Delivery delivery);
    /// What one of their actors leaves to itself at its next home: it comes there before all else.
    void leave(Delivery delivery) { add(left_, std::move(delivery)); }
    /// Homes names another shard now: all that is held for these goes there.
    void forward(const PartitionSet& partitions);
    /// They are here: what their last home sent is delivered, then what came for them meanwhile.
    void deliver(const PartitionSet& partitions);
    /// For DeliveryQueue: they will never be delivered.
    void discard();

private:
    bool goes_elsewhere(Partition partition) const;
    void send_on(Delivery delivery);
    void add(std::vector<Delivery>& to, Delivery delivery);
    void hold(std::vector<Delivery>& to, Delivery delivery);
    std::vector<Delivery> take_out(std::vector<Delivery>& from, const PartitionSet& partitions);

    Context& context_;
    // In the order in which they are delivered, or go on.
    std::vector<Delivery> left_;
    std::vector<Delivery> forwarded_;
    std::vector<Delivery> held_;
    std::size_t stanzas_ = 0;  // in all of them
};

}  // namespace clarion::core
