// Ticket: keeps one inbound stanza's entry in its stream's ack window open
// (docs/design/001-core.md, idea 3).
//
// The stream opens an entry and issues a ticket; the ticket travels with the stanza. Whoever writes
// something because of the stanza holds a copy until that is committed (Shard::hold). When the last
// copy goes, on whatever shard, the entry closes at home, at the end of a turn. If any part failed,
// the stream answers the stanza with an error instead. What the stanza causes is charged to its
// entry meanwhile, so that a stream is read up to what it costs, not to what it says. An empty
// ticket is allowed everywhere: nobody waits. Copies may live on any thread; counting is atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "proto/stanza.h"

namespace clarion::core {

class Shard;

/// A stream that issues tickets: a session, an incoming S2S stream, a component.
class AckSink {
public:
    virtual ~AckSink() = default;
    /// Entry `number` is settled. `error` is set if something it caused could not be done;
    /// `unanswered` then has what an error answer needs. Called on the stream's shard.
    /// Not what the stanza was about, though errors may say it (RFC 6120, 8.3.1): every stanza
    /// under way would have to be kept whole for the sake of a disk that fails.
    struct Origin {
        StanzaKind kind;
        StanzaType type;
        std::string id;
        Jid from, to;
    };
    virtual void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) = 0;
    /// Entry `number` costs so many bytes more than its stanza brought. Called on the stream's
    /// shard, before it is settled; in the middle of whatever runs there.
    virtual void charge(std::uint32_t number, std::size_t bytes) = 0;
};

struct TicketState {
    std::atomic<std::uint32_t> references{1};
    std::atomic<bool> failed{false};
    std::atomic<bool> out_of_room{false};  // the failure was resource-constraint
    std::uint32_t number = 0;
    std::atomic<std::uint32_t> charged_elsewhere{0};  // in bytes, on other shards than `home`
    Shard* home = nullptr;
    std::weak_ptr<AckSink> sink;
    AckSink::Origin origin{};
};

class Ticket {
public:
    Ticket() = default;
    /// Issued on the stream's shard `home` for the stanza with this window number.
    Ticket(Shard& home, std::weak_ptr<AckSink> sink, std::uint32_t number, const Stanza& stanza);
    Ticket(const Ticket& other) : state_(other.state_) {
        if (state_) state_->references.fetch_add(1, std::memory_order_relaxed);
    }
    Ticket(Ticket&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Ticket& operator=(Ticket other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~Ticket() { release(); }

    explicit operator bool() const { return state_ != nullptr; }
    /// Something the stanza caused was not done: it will be answered with an error.
    void fail(const Error& error) const;
    /// What the stanza caused costs so many bytes, in memory or in the writer's backlog, until the
    /// entry closes. On other shards than the stream's it may come to a few KB before that is told.
    void charge(std::size_t bytes) const;
    void release();

private:
    TicketState* state_ = nullptr;
};

}  // namespace clarion::core
