// StreamManagement: the acknowledgements of one session (XEP-0198, section 4): what was sent and
// not acknowledged, what the client is asked and what it asks, and the timers of both.
//
// Owned by its Session, on the session's shard; absent until the client enables it. It outlives
// the connection, with its session. Hibernating the queue is in storage (Hibernation), only its
// numbers are here. The conversation about it (<enable/>, <resume/>) is modules/stream_management.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proto/sm_queue.h"
#include "proto/stanza.h"
#include "server/core/accounts/unacked_stanza.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

class Context;
class Session;
struct SmacksOptions;

class StreamManagement {
public:
    /// The client enables it: stanzas are counted from here on, in both directions. `id`: previd,
    /// by which it may be resumed; empty: it may not. `max_seconds`: what the client asked for; 0:
    /// nothing.
    StreamManagement(Session& session, std::string id, std::uint32_t max_seconds);
    ~StreamManagement();
    StreamManagement(const StreamManagement&) = delete;
    StreamManagement& operator=(const StreamManagement&) = delete;

    const std::string& id() const { return id_; }
    std::uint32_t max_seconds() const { return max_seconds_; }
    /// `h`: inbound stanzas handled since it was enabled, modulo 2^32.
    std::uint32_t handled_in() const;

    // What was sent, counted modulo 2^32.
    std::uint32_t sent() const { return queue_.sent(); }
    std::uint32_t acked() const { return queue_.acked(); }
    /// The unacknowledged, oldest first, while the session is live: what is known of one may
    /// change, not which there are. The number of the first is acked() + 1.
    std::uint32_t unacked_count() const { return queue_.size(); }
    UnackedStanza& unacked(std::uint32_t index) { return queue_[index]; }
    const UnackedStanza& unacked(std::uint32_t index) const { return queue_[index]; }

    /// What they take in memory, in bytes, or took before the session hibernated; of those that the
    /// server found in storage when it started, nothing.
    std::uint32_t unacked_bytes() const { return bytes_; }

    // From the client.
    /// <a/>: frees the queue, removes spooled and hibernating copies. Error:
    /// handled-count-too-high.
    Result<> on_ack(std::uint32_t handled);
    /// <r/>: answered when the stanzas before it are durable, at the latest after [smacks]
    /// ack_answer_limit.
    void on_ack_request();
    /// It said anything at all: it is not silent.
    void on_heard();
    /// It is about to resume. How long it has to wait first: not at all, unless it did again and
    /// again and acknowledged nothing of what was sent each time.
    Duration pause_before_resuming() const;
    /// How often it did, since it last acknowledged anything.
    std::uint8_t resumed_in_vain() const { return resumed_in_vain_; }
    /// It tried to resume with a count that was too high; returns how often it did.
    std::uint8_t note_count_refused() { return ++counts_refused_; }

    // For its session.
    /// Numbers a stanza and writes it. More than [smacks] max_queue_size and max_queue_bytes allow
    /// end the session.
    /// REQUIRES: the session has a port.
    void send(Envelope envelope);
    /// It was resumed; on_ack() was called with what the client had.
    void note_resumed();
    /// Writes all that is unacknowledged again. REQUIRES: the session was resumed.
    void send_again();
    /// Numbers a stanza that cannot be written any more: it joins those that were.
    void push(Envelope envelope);
    /// More of what was received is handled.
    void on_handled();
    /// Answers <r/>, adds <r/> behind what was written. REQUIRES: the session is live.
    void end_turn();
    /// Unasked, before the connection goes.
    void write_ack();
    /// The connection is gone: nothing is owed or asked any more.
    void on_detached();
    /// Hibernating: storage keeps the queue; the counts stay.
    std::vector<UnackedStanza> hand_over_queue();
    /// Hibernating: another one joins the queue there.
    void note_queued(const Envelope& envelope);
    /// It took the place of one that took so many bytes.
    void note_replaced(std::uint32_t cost) { bytes_ -= cost; }
    /// Waking: what storage kept.
    void take_back_queue(std::vector<UnackedStanza> queue);
    /// It has ended: what was never acknowledged. The counts stand as if it had been.
    std::vector<UnackedStanza> take_queue();
    /// For loading: counts on after `acked` stanzas, and h from what the session's window has.
    void restore(std::uint32_t acked);

private:
    Context& context() const;
    const SmacksOptions& options() const;
    bool is_one_too_many() const;
    template <void (StreamManagement::*then)()>
    TimerId after(Duration delay);
    void cancel(TimerId& timer);
    void answer_ack_request();
    bool repeats_itself() const;
    void answer_again_later();
    void on_answer_due();
    void answer_late();
    void request_ack();
    void request_ack_later();
    void on_request_due();
    void watch_silence();
    void on_ack_delay();
    void watch_answers(Duration from_now);
    void on_ack_timeout();
    void write_again(const UnackedStanza& sent);

    Session& session_;
    std::string id_;
    sm::OutQueue<UnackedStanza> queue_;
    SteadyTime answered_at_{};  // when the newest <a/> was written; zero: none on this connection
    SteadyTime heard_at_{};     // when the client last said anything
    TimerId answer_timer_{};    // ack_answer_limit for its <r/>, or until it may be repeated
    TimerId delay_timer_{};     // max_ack_delay for ours
    TimerId request_timer_{};   // until a client whose count lags behind is asked again
    TimerId timeout_timer_{};   // ack_timeout, while a request is unanswered
    std::uint32_t max_seconds_;
    std::uint32_t bytes_ = 0;             // what the queue takes in memory
    std::uint32_t delay_told_ = 0;        // AckDelayed spoke of what was sent up to this number
    std::uint32_t ack_wanted_ = 0;        // its <r/> covers inbound stanzas up to this number
    std::uint32_t answered_h_ = 0;        // what the newest <a/> said
    std::uint32_t window_base_ = 0;       // stanzas received before <enable/>: not counted in h
    bool counting_ = false;               // those are all handled: h is what came after them
    bool ack_owed_ = false;               // its <r/> is not answered yet
    bool ack_follows_ = false;            // it was answered in part: an unrequested <a/> follows
    std::uint8_t requests_repeated_ = 0;  // since its count last grew
    std::uint8_t counts_refused_ = 0;     // resumptions with an h that was too high
    std::uint8_t resumed_in_vain_ = 0;    // resumptions since anything was acknowledged
};

}  // namespace clarion::core
