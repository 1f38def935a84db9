// What stream management knows of one session (XEP-0198): what was sent and not acknowledged, and
// which acknowledgements are owed.
//
// Owned by the Session, on its shard. Hibernating the queue is in storage, only its numbers are
// here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"
#include "proto/sm_queue.h"
#include "proto/stanza.h"
#include "server/core/envelope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

/// One stanza that was sent and not acknowledged.
struct UnackedStanza {
    UnackedStanza() = default;
    explicit UnackedStanza(Envelope&& envelope)
        : stanza(std::move(envelope.stanza)), meta(envelope.meta) {}
    Envelope to_envelope() && { return {.stanza = std::move(stanza), .meta = meta}; }

    StanzaPtr stanza;
    storage::StanzaMeta meta;
};

/// Stream management of one session (XEP-0198); absent until the client enables it.
struct StreamManagement {
    std::string id;                 // previd; empty: not resumable
    std::uint32_t max_seconds = 0;  // what the client asked for; 0: nothing
    sm::OutQueue<UnackedStanza> queue;
    std::uint32_t delay_told = 0;  // AckDelayed spoke of what was sent up to this number
    bool ack_owed = false;         // the client's <r/> is not answered yet
    std::uint32_t ack_wanted = 0;  // that <r/> covers inbound stanzas up to this number
    bool ack_follows = false;      // it was answered in part: an unrequested <a/> follows
    std::uint32_t answered_h = 0;  // what the newest <a/> said
    SteadyTime answered_at{};      // when; zero: none was written on this connection
    TimerId answer_timer{};        // ack_answer_limit for that <r/>, or until it may be repeated
    TimerId delay_timer{};         // max_ack_delay for ours
    TimerId request_timer{};       // until a client whose count lags behind is asked again
    std::uint8_t requests_repeated = 0;  // since its count last grew
    std::uint8_t counts_refused = 0;     // resumptions with an h that was too high
    TimerId timeout_timer{};             // ack_timeout, while a request is unanswered
    SteadyTime heard_at{};               // when the client last said anything
    std::uint32_t window_base = 0;       // stanzas received before <enable/>: not counted in h
    bool counting = false;               // those are all handled: h is what came after them
};

}  // namespace clarion::core
