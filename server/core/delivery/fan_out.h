// FanOut: brings what an actor says to many, a slice in each turn, in order.
//
// Who hears of a node, or is in a room, may be thousands, and others of the shard are served in
// between. All share what is said, but for the address. If it is said because of a stanza
// (Shard::cause()), that waits for it and is charged what it costs. On the actor's shard, as long
// as the actor, which stays pinned while anything is still to be sent.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "proto/stanza.h"
#include "server/core/actors/actor.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

class FanOut {
public:
    /// How many are sent to in one turn.
    static constexpr std::size_t slice = 250;

    explicit FanOut(Actor& owner) : owner_(owner) {}

    using Recipients = std::shared_ptr<const std::vector<Jid>>;

    /// Behind what was to be sent before.
    void send(StanzaPtr stanza, std::vector<Jid> to);
    /// The same to those who are often sent to, together.
    void send(StanzaPtr stanza, Recipients to);
    /// The same of what is often said.
    void send(SaidToMany said, Recipients to);
    /// The same of a stanza for its own addressee only.
    void send(StanzaPtr stanza);
    /// Stanzas that are still to be sent.
    std::size_t waiting() const { return waiting_; }

private:
    struct Said {
        StanzaPtr stanza{};  // for its own addressee; nullptr: `many` to `to`
        SaidToMany many{};
        Recipients to{};
        Ticket cause{};
        std::size_t next = 0;
        std::size_t copies() const { return to ? to->size() : 1; }
    };
    void add(Said said);
    void send_slice();
    void send_next(Said& said, WallTime now);
    void begin_rest();
    Task<> send_rest(ActorPin<Actor> pin);

    Actor& owner_;
    std::deque<Said> queue_;
    std::size_t waiting_ = 0;
    bool running_ = false;  // the rest is being sent, or not all of it has been delivered
};

}  // namespace clarion::core
