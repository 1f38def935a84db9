// OutBuffer: what is written to a stream and not yet taken by its peer.
//
// Owned by a connection, on its shard. Text is appended during a turn and flushed once at its end;
// what the socket does not take stays and goes on when it is writable again. Empty buffers own no
// memory: their strings come from and return to the shard's BufferPool.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "base/time.h"
#include "server/net/transport/transport.h"

namespace clarion::net {

/// Spare strings of one shard, so that writing a stanza allocates nothing: as many as a turn needs
/// that tells hundreds (a room), but never more memory than max_spare.
class BufferPool {
public:
    std::string take();
    void give(std::string&& buffer);
    /// What the spare ones hold.
    std::size_t spare_bytes() const { return spare_bytes_; }

    static constexpr std::size_t max_spare = 2 * 1024 * 1024;

private:
    std::vector<std::string> spare_;
    std::size_t spare_bytes_ = 0;
};

class OutBuffer {
public:
    explicit OutBuffer(BufferPool& pool) : pool_(&pool) {}

    /// Append to it, then see to it that flush() is called when the turn ends.
    std::string& text();
    std::size_t unsent() const { return text_.size() - sent_; }
    bool empty() const { return unsent() == 0; }
    /// What it holds in memory, besides itself.
    std::size_t memory() const { return heap_bytes(text_); }

    /// Writes what the transport takes. Errors: those of Transport::write().
    Result<> flush(Transport& transport, SteadyTime now);
    void clear();

    /// Whether the peer leaves too much unread: more than `limit`, not counting what one single
    /// turn added to an empty buffer (a long answer is no sign of a slow peer). Asked after
    /// flush().
    bool over(std::size_t limit) const { return unsent() > limit && unsent() > burst_; }
    /// How long the peer has taken nothing although there was something for it.
    Duration stalled(SteadyTime now) const;

    /// Moves to another shard.
    void rehome(BufferPool& pool) { pool_ = &pool; }

private:
    BufferPool* pool_;
    std::string text_;
    std::size_t sent_ = 0;   // of text_
    std::size_t burst_ = 0;  // unsent after the turn that began with nothing
    bool was_empty_ = true;  // at the end of the last flush
    SteadyTime progress_{};  // when the peer last took something, or the buffer began to fill
};

}  // namespace clarion::net
