// StreamConnection: the bytes of a stream that others open to us: reading in chunks, writing once
// per turn, closing in order, leaving for another shard, and the limits on all of it.
//
// Owned by the one coroutine that reads it (StreamDriver); on one shard at a time. Its end is that
// coroutine's: everything else (sweeps, a full buffer, the other side) only closes the transport
// or wakes it.
// Sources: RFC 6120, 4.4 (closing), 4.9.1.2 (errors before a header).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/framing.h"
#include "proto/xml_stream.h"
#include "server/core/routing/trace.h"
#include "server/net/shard_net.h"
#include "server/net/transport/out_buffer.h"
#include "server/net/transport/transport.h"
#include "server/runtime/shard.h"

namespace clarion::net {

class StreamConnection : public Connection, public core::TurnEnd, private WritableSink {
public:
    virtual ~StreamConnection();

    // Connection
    bool sweep(SteadyTime now, Duration elapsed) final;
    void shut_down(StreamErrorCondition condition) final;
    void stop_reading() final;
    std::size_t memory() const final;
    // TurnEnd
    void end_turn() final;

protected:
    enum class Phase : std::uint8_t {
        open,
        closing,  // our closing tag is written; nothing is handled or written any more
    };
    enum class Got : std::uint8_t {
        bytes,     // xml_ was fed
        nothing,   // now: wait
        too_much,  // a whole buffer the last time: let others have their turn first
        not_now,   // over its share of bytes, or the server stops: wait to be woken
        gone,      // the transport is closed
    };

    /// `content_ns`: the namespace of stanzas on this kind of stream. Until trust() an element may
    /// have [c2s] max_unauthenticated_stanza_size bytes and take little memory, all that is read,
    /// white space included, may have [limits] unauthenticated_bytes, others are read first, and it may have to give up its
    /// place.
    StreamConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                     ConnectionCounts::Place place, std::string_view content_ns,
                     xml::XmlStream::Form form = xml::XmlStream::Form::stream);

    ShardNet& net() const { return *net_; }
    core::Context& context() const { return net_->context(); }
    SteadyTime now() const { return context().clock().steady(); }
    bool is_open() const { return phase_ == Phase::open; }
    std::size_t waiting_to_be_sent() const { return out_.unsent(); }
    /// Nothing can be written any more; what it sent before is still read.
    bool peer_is_gone() const { return peer_is_gone_; }
    /// Whom it is counted as, and for the log its address: also when it is gone.
    const std::string& network() const { return place_.network(); }
    virtual std::string address() const;
    /// When the peer last sent anything.
    SteadyTime heard_at() const { return heard_at_; }

    /// Append to it; it is flushed when the turn ends. REQUIRES: is_open().
    std::string& out();
    /// The same for one message of the framing: begin_message() in front of it, end_message() behind.
    virtual std::size_t begin_message(std::string& /*out*/) const { return 0; }
    virtual void end_message(std::string& /*out*/, std::size_t /*begin*/) const {}
    void append_message(std::string_view xml);
    /// Writes what can be written now; closes a peer that reads too little. If the peer takes
    /// nothing any more, what it sent before is still read.
    void flush();
    Got receive();
    /// Whether it may be read now. After our end the peer may still send what it had on its way;
    /// who sends on and on is read no more, and cut when its time is over.
    bool may_receive();
    /// Counts what was read. False: too much, and the stream has been ended.
    bool spend_input(std::size_t bytes);
    /// Ends the stream from our side: header if none was sent, error if any, closing tag. The peer
    /// has a few seconds to answer. An error is in the log, with `why` if that says more than the
    /// text that the peer is told. `application`: StreamError::application.
    void begin_close(std::optional<StreamErrorCondition> error, std::string_view text = {},
                     std::string_view why = {}, const xml::Element* application = nullptr);
    /// Our closing tag was written by somebody else.
    void end_was_written();
    /// The peer is authenticated: its elements may have so many bytes, and there may be any number.
    void trust(std::int64_t max_stanza_size);
    /// Closes at once, for a reason worth logging at debug level.
    void cut(std::string_view why);

    // For who traces; each costs a test while nobody does.
    void trace_received(const xml::Element& element) const {
        if (core::Trace* trace = context().trace())
            trace->on_element(traced(&element), core::TraceEvent::received, element);
    }
    void trace_sent(const xml::Element& element) const {
        if (core::Trace* trace = context().trace())
            trace->on_element(traced(&element), core::TraceEvent::sent, element);
    }
    void trace_sent(std::string_view xml) const {
        if (core::Trace* trace = context().trace(); trace && !xml.empty())
            trace->on_text(traced(nullptr), core::TraceEvent::sent, xml);
    }
    void trace_note(std::string_view what) const {
        if (core::Trace* trace = context().trace()) trace->on_note(traced(nullptr), what);
    }

    /// Leaves this shard for `there`. From now on until arrive() it may only be destroyed.
    void depart(ShardNet& there);
    /// On the new shard. False if the connection broke on the way, or the server stops.
    bool arrive(ShardNet& here);
    bool in_transit() const { return net_ == nullptr; }

    /// The bytes that were read, valid until keep_rest() or the next receive(): to xml_.
    virtual void feed(std::span<char> bytes);
    /// What was read and is not parsed is copied, as the buffer goes to others.
    virtual void keep_rest() { xml_.keep_rest(); }
    /// What the transport says behind our end of the stream.
    virtual void append_transport_end(std::string& /*out*/) const {}

    // What differs.
    virtual std::string_view kind() const = 0;  // "c2s": for the log; a literal
    virtual std::size_t object_size() const = 0;
    virtual const Framing& framing() const { return tcp_framing(); }
    /// What a trace and the log call this stream; of those that carry several domains the one that
    /// `element` (nullptr: none) is of.
    virtual core::TracedStream traced(const xml::Element* element) const = 0;
    /// Whose lines in the log are counted together: who the peer has proved to be, else its
    /// network.
    virtual std::string_view counted_as() const { return network(); }
    virtual std::size_t max_send_buffer() const = 0;
    virtual Duration send_timeout() const = 0;
    virtual std::int64_t bytes_per_second() const { return 0; }
    /// Whether a pause may end when the peer has read what there is.
    virtual bool waits_for_send_room() const { return false; }
    /// Writes our stream header for a stream that fails before it had one.
    virtual void write_header() = 0;
    /// We close the stream, or the connection was lost: tell who sits above, once. Never called
    /// from within a call by them.
    virtual void on_detached() = 0;
    /// The peer took some of what was written.
    virtual void on_sent() {}
    /// deadline_ has passed while the stream is open.
    virtual void on_deadline() = 0;
    /// Its stream is to end with this error, as others need what it holds. Asked once a second
    /// while it has a deadline.
    virtual std::optional<StreamErrorCondition> must_give_way();

    std::shared_ptr<xml::ParserPool> parsers_;  // outlives xml_, also in envelope at shutdown
    std::unique_ptr<Transport> transport_;
    xml::XmlStream xml_;
    SteadyTime deadline_ = SteadyTime::max();
    bool header_due_ = true;          // of ours, for the stream (or restarted stream) at hand
    bool handshaking_ = false;        // nothing can be said now
    bool reading_stopped_ = false;    // the server is about to stop
    bool says_nothing_more_ = false;  // at the stop of the server it is cut, not closed
    bool paused_ = false;             // its coroutine waits to be woken

private:
    void on_writable() final;
    void cut_slow(std::string_view why);
    void on_write_failed(std::string_view why);
    std::uint32_t most_input() const;
    bool refill(Duration elapsed);
    void pass_deadline();
    void give_way();

    ShardNet* net_;
    ConnectionCounts::Place place_;
    OutBuffer out_;
    std::int64_t budget_ = 0;  // bytes that may be read now, when there is a limit
    SteadyTime heard_at_;
    Phase phase_ = Phase::open;
    bool active_ = true;    // since the last sweep
    bool greedy_ = false;   // the last read filled the buffer
    bool starved_ = false;  // waits for its budget
    bool limited_ = false;  // budget_ is in use
    bool trusted_ = false;
    bool peer_is_gone_ = false;
    std::uint32_t input_left_;  // bytes that may still be read: until it is trusted, after our end
};

}  // namespace clarion::net
