// InboundWindow: the stanzas of one stream that are not yet completely dealt with, and how many
// there may be (docs/design/001-core.md, idea 3).
//
// Each stanza that comes in opens an entry and travels with a ticket; the entry closes when all it
// caused is committed. While the window is wide, or the writer behind, the stream is not read.
// For streams without a session: components, and other servers. Owned by the stream, on its shard.
#pragma once

#include <memory>

#include "proto/ack_window.h"
#include "proto/stanza.h"
#include "server/core/envelope.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

class Core;
struct C2sOptions;

class InboundWindow {
public:
    /// The stanza as it is to be routed: received now, with a ticket that settles `stream`.
    Envelope admit(Core& core, std::weak_ptr<AckSink> stream, std::shared_ptr<Stanza> stanza);
    /// AckSink::settle() was called for it.
    void settle(std::uint32_t number) { entries_.close(number); }

    /// Whether another stanza may be read ([c2s] max_ack_window, max_ack_window_bytes).
    bool has_room(const C2sOptions& limits) const;
    /// Behind a writer that lags ([storage] backlog_limit), one stanza at a time: its settling lets
    /// the next one in.
    bool keeps_pace(const Core& core) const;

private:
    sm::AckWindow entries_;
};

/// What answers a stanza that was accepted and failed later; it is noted in the log. nullptr if
/// nothing may answer it (RFC 6120, 8.3.1).
std::shared_ptr<Stanza> answer_failed(Core& core, const AckSink::Origin& origin,
                                      const StanzaError& error);

}  // namespace clarion::core
