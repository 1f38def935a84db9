// InboundWindow: the stanzas of one stream that are not yet completely dealt with, and how many
// there may be (docs/design/001-core.md, idea 3).
//
// Each stanza that comes in opens an entry and travels with a ticket; the entry closes when all it
// caused is committed, and counts with what it brought and what it caused (Ticket::charge). While
// the window is wide, or the writer behind, the stream is not read.
// Owned by the stream, on its shard: by the Session of a client, which takes it through
// hibernation, and by the connection of a component or another server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "proto/ack_window.h"
#include "proto/stanza.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

class Context;
struct C2sOptions;

class InboundWindow {
public:
    /// The stanza as it is to be routed: received now, with a ticket that settles `stream`.
    /// It counts with `bytes`, by default with its cost().
    Envelope admit(Context& context, std::weak_ptr<AckSink> stream, std::shared_ptr<Stanza> stanza);
    Envelope admit(Context& context, std::weak_ptr<AckSink> stream, std::shared_ptr<Stanza> stanza,
                   std::size_t bytes);
    /// A stanza was refused: it counts as received, and as dealt with. True: handled() has grown.
    bool pass_over() { return entries_.close(entries_.open(0)); }
    /// AckSink::charge() was called for it.
    void charge(std::uint32_t number, std::size_t bytes) { entries_.charge(number, bytes); }
    /// AckSink::settle() was called for it. True: handled() has grown.
    bool settle(std::uint32_t number) { return entries_.close(number); }

    // Counted modulo 2^32 (proto/ack_window.h).
    std::uint32_t received() const { return entries_.received(); }
    /// Those of them that are dealt with, without a gap.
    std::uint32_t handled() const { return entries_.handled(); }
    bool is_handled(std::uint32_t number) const { return entries_.is_handled(number); }
    /// Received after that, dealt with or not; and those that are not.
    std::uint32_t width() const { return entries_.width(); }
    std::uint32_t open_count() const { return entries_.open_count(); }
    /// All that was received is dealt with.
    bool is_empty() const { return entries_.width() == 0; }
    /// Counts on after `handled` stanzas, with nothing open.
    void restore(std::uint32_t handled) { entries_.restore(handled); }

    /// Whether another stanza may be read ([c2s] max_ack_window, max_ack_window_bytes).
    bool has_room(const C2sOptions& limits) const;
    /// Behind a writer that lags ([storage] backlog_limit), one stanza at a time: its settling lets
    /// the next one in.
    bool keeps_pace(const Context& context) const;

private:
    sm::AckWindow entries_;
};

/// What answers a stanza that was accepted and failed later; it is noted in the log. nullptr if
/// nothing may answer it (RFC 6120, 8.3.1).
std::shared_ptr<Stanza> answer_failed(Context& context, const AckSink::Origin& origin,
                                      const StanzaError& error);

}  // namespace clarion::core
