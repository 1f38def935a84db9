// S2sQueue: what waits for one remote domain, and what was written to it and not yet taken by the
// socket.
//
// Owned by an S2sOut link, on its shard. Durability (docs/design/001-core.md, idea 3): a message
// that offline storage may hold is in the spool (storage) while it waits. If the stream is up and
// flowing it is not spooled: its ticket is kept until the socket took its bytes, usually in the
// same turn, and only what the socket leaves is spooled then. IQ, presence and passing messages are
// memory only.
//
//     push() -> waiting -> write() -> written -> on_taken()   removed from the spool
//                  ^-------- requeue() --'                    the stream broke
//                  '-> expire(), bounce_all()                 returned, and removed from the spool
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/time.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"
#include "server/net/transport/out_buffer.h"

namespace clarion::core {
class Context;
}

namespace clarion::net {

class S2sBacklog;

class S2sQueue {
public:
    /// What it holds is counted in `backlog`, which outlives it.
    S2sQueue(core::Context& context, S2sBacklog& backlog, std::string remote);
    /// What is still there stays spooled (the server stops) or is dropped (memory only).
    ~S2sQueue();
    S2sQueue(const S2sQueue&) = delete;
    S2sQueue& operator=(const S2sQueue&) = delete;

    /// Stanzas and bytes held, waiting and written.
    std::size_t size() const { return waiting_.size() + written_.size(); }
    std::size_t bytes() const { return bytes_; }
    bool nothing_waits() const { return waiting_.empty(); }
    bool empty() const { return size() == 0; }

    /// `flowing`: it will be written when this turn ends.
    void push(core::Envelope envelope, bool flowing);
    /// Read back from the spool after a restart; written with its <delay/> (XEP-0203).
    void push_restored(StanzaPtr stanza, std::uint64_t seq, WallTime received);

    /// Appends waiting stanzas to `out` as long as less than `limit` is unsent. `taken`: bytes of
    /// the stream that the socket has.
    void write(OutBuffer& out, std::uint64_t taken, std::size_t limit);
    /// The socket now has that many bytes of the stream.
    void on_taken(std::uint64_t taken);
    /// What the socket did not take at once, and must be durable, goes to the spool.
    void spool_untaken();
    /// The stream is gone: what it did not take waits again, in order.
    void requeue();

    struct Item {
        StanzaPtr stanza;
        core::Ticket ticket;
        std::uint64_t spooled = 0;  // its number in the spool; 0: memory only
        SteadyTime since{};
        WallTime received{};
        std::uint64_t end = 0;  // once written: where in the stream it ends
        bool durable = false;
    };
    /// Gives away what the socket did not take, in order; what is spooled stays so.
    std::deque<Item> hand_over();
    /// Takes that in, behind what it has.
    void adopt(std::deque<Item> items);

    /// Returns what has waited for longer than `limit`.
    void expire(Duration limit);
    void bounce_all(const StanzaError& error);

private:
    void spool(Item& item);
    void unspool(const Item& item);
    void bounce(Item item, const StanzaError& error);
    void count(const Item& item);
    void uncount(const Item& item);
    void forget(const Item& item);

    core::Context& context_;
    S2sBacklog& backlog_;
    const std::string remote_;
    std::deque<Item> waiting_, written_;
    std::size_t bytes_ = 0;
};

}  // namespace clarion::net
