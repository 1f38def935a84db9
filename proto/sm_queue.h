// OutQueue<Entry>: what a stream sent under XEP-0198 and the peer has not acknowledged yet.
//
// Owner: the session (C2S) or the link (S2S); it outlives the connection and travels into the
// hibernating record. Thread: the owner's shard. It holds no stanza itself: Entry is a small handle
// (a shared stanza, a reference into the log) that is default-constructible and movable.
//
// Stanzas are numbered from 1 modulo 2^32 in the order they enter; `h` of an <a/>, <resume/> or
// <resumed/> says how many the peer has handled, modulo 2^32 too. The queue knows no limit of its
// own: whoever pushes compares size() with [smacks] max_queue_size first.
//
// Costs 40 bytes and no heap block while empty. Source: XEP-0198 sections 4 and 5.
#pragma once

#include "base/result.h"
#include "proto/ring.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace clarion::sm {

/// The error of an `h` that acknowledges more than was sent (or, which looks the same modulo 2^32,
/// less than was acknowledged before): code "handled-count-too-high", to be answered by the stream
/// error of XEP-0198 section 4.
Error handled_count_too_high(std::uint32_t handled, std::uint32_t sent);

/// `h` or another xs:unsignedInt attribute: decimal digits, no sign, no space, at most 2^32-1.
Result<std::uint32_t> parse_count(std::string_view text);

template <class Entry>
class OutQueue {
public:
    // ---- Counting ------------------------------------------------------------------------------

    /// Appends a stanza as it enters the write or the hibernating queue; returns its number.
    std::uint32_t push(Entry entry) {
        unacked_.push_back(std::move(entry));
        return sent();
    }

    /// The peer says it has handled `handled` stanzas. Removes these entries in order and gives
    /// each to `each(Entry&&)`, after it has left the queue; `each` may push. Also answers an
    /// outstanding request. Returns how many were removed, or handled_count_too_high() and changes
    /// nothing.
    template <class Each>
    Result<std::uint32_t> ack(std::uint32_t handled, Each&& each) {
        const std::uint32_t count = handled - acked_;
        if (count > size()) return handled_count_too_high(handled, sent());
        requested_ = false;
        for (std::uint32_t i = 0; i < count; ++i) {
            ++acked_;
            each(unacked_.pop_front());
        }
        return count;
    }
    Result<std::uint32_t> ack(std::uint32_t handled) {
        return ack(handled, [](Entry&&) {});
    }

    /// Stanzas sent so far, the number of the newest.
    std::uint32_t sent() const { return acked_ + size(); }
    /// Stanzas acknowledged so far, the number of the newest acknowledged.
    std::uint32_t acked() const { return acked_; }

    // ---- The unacknowledged entries, oldest first ----------------------------------------------

    std::uint32_t size() const { return unacked_.size(); }
    bool empty() const { return unacked_.empty(); }

    /// REQUIRES: index < size(). Entries may be exchanged for another form of the same stanza.
    Entry& operator[](std::uint32_t index) { return unacked_[index]; }
    const Entry& operator[](std::uint32_t index) const { return unacked_[index]; }

    /// The number of the entry at `index`.
    std::uint32_t number(std::uint32_t index) const { return acked_ + index + 1; }

    /// Calls `each(const Entry&)` on every entry: to send them again, or to record them.
    template <class Each>
    void for_each(Each&& each) const {
        for (std::uint32_t i = 0; i < size(); ++i) each(unacked_[i]);
    }

    /// Removes and returns everything unacknowledged: the session has ended and the rules for
    /// undelivered stanzas take over. The counters stand as if all had been acknowledged.
    std::vector<Entry> take() {
        std::vector<Entry> rest;
        rest.reserve(size());
        asked_ = acked_ = sent();
        requested_ = false;
        while (!unacked_.empty()) rest.push_back(unacked_.pop_front());
        unacked_.clear();
        return rest;
    }

    /// Puts back what a hibernating record kept. No request is outstanding then.
    void restore(std::uint32_t acked, std::vector<Entry> entries) {
        unacked_.clear();
        for (Entry& entry : entries) unacked_.push_back(std::move(entry));
        acked_ = acked;
        forget_request();
    }

    // ---- Asking for acknowledgement ------------------------------------------------------------

    /// Whether a flush should end with <r/>: something was sent that no request covers yet, and
    /// none is under way. One that was answered with less than it covered is not repeated by this:
    /// a peer that counts differently would be asked without end.
    bool want_request() const { return !requested_ && !empty() && asked_ != sent(); }
    /// All there is was asked for, and answered with less: the peer is slow, or counts differently.
    /// Worth another request when some time has passed.
    bool lags() const { return !requested_ && !empty() && asked_ == sent(); }
    /// An <r/> was written.
    void note_request() {
        requested_ = true;
        asked_ = sent();
    }
    /// The connection that carried the requests is gone: the next one asks for everything anew.
    void forget_request() {
        requested_ = false;
        asked_ = acked_;
    }
    /// An <r/> waits for its <a/>: whether max_ack_delay runs.
    bool request_outstanding() const { return requested_; }

private:
    Ring<Entry> unacked_;
    std::uint32_t acked_ = 0;
    std::uint32_t asked_ = 0;  // the newest that a request covered
    bool requested_ = false;
};

}  // namespace clarion::sm
