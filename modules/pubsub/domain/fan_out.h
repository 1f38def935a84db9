// FanOut: brings notifications of one owner of nodes to many, a slice in each turn, in order.
//
// Who has asked to hear of a node may be thousands, and others of the shard are served in between.
// All share what is said, but for the address. On the owner's shard, as long as the owner.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "base/task.h"
#include "proto/stanza.h"
#include "server/core/actors/actor.h"

namespace clarion::pubsub {

class FanOut {
public:
    /// How many are notified in one turn.
    static constexpr std::size_t slice = 250;

    explicit FanOut(core::Actor& owner) : owner_(owner) {}

    /// Behind what was to be sent before. The owner stays pinned until it is done.
    void send(StanzaPtr event, std::vector<Jid> to);
    /// Notifications that are still to be sent.
    std::size_t waiting() const { return waiting_; }

private:
    struct Notice {
        StanzaPtr event;
        std::vector<Jid> to;
        std::size_t next = 0;
    };
    void send_slice();
    Task<> send_rest(core::ActorPin<core::Actor> pin);

    core::Actor& owner_;
    std::deque<Notice> notices_;
    std::size_t waiting_ = 0;
    bool running_ = false;
};

}  // namespace clarion::pubsub
