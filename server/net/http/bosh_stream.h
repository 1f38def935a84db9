// BoshStream: what a client's TCP connection is, made of HTTP requests: taking them, answering
// them, and the limits on both (XEP-0124). What StreamConnection is over TCP.
//
// bosh::Conversation has the requests and answers in order. What is written during a turn is
// answered at its end; once a second it is looked whether requests have been held for long enough,
// and whether their client is still there. Owned by the one coroutine that reads it
// (BoshConnection); on one shard at a time. Its end is that coroutine's: everything else only ends
// the conversation and wakes it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proto/bosh_conversation.h"
#include "proto/framing.h"
#include "server/core/routing/trace.h"
#include "server/net/http/bosh_request.h"
#include "server/net/shard_net.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::net {

class BoshStream : public Connection, private core::TurnEnd {
public:
    virtual ~BoshStream();

    // BoshSessions
    void take(BoshRequest request);
    void gone(bosh::Ticket ticket);

    // Connection
    bool sweep(SteadyTime now, Duration elapsed) final;
    void shut_down(StreamErrorCondition condition) final;
    void stop_reading() final { reading_stopped_ = true; }
    std::size_t memory() const final;

protected:
    /// Until trust() its requests may have [limits] unauthenticated_bytes, and it may have to give
    /// up its place.
    BoshStream(ShardNet& net, std::string sid, BoshRequest request, ConnectionCounts::Place place);

    ShardNet& net() const { return *net_; }
    core::Context& context() const { return net_->context(); }
    SteadyTime now() const;
    bool is_open() const { return !conversation_.is_over(); }
    /// Its client has heard the end, or will not any more.
    bool is_finished() const { return !is_open() && !conversation_.has_last_words(); }
    bosh::Conversation& conversation() { return conversation_; }
    const core::HttpPeer& peer() const { return peer_; }  // who sent the last request
    bool encrypted() const { return encrypted_; }
    const std::string& network() const { return place_.network(); }
    std::size_t waiting_to_be_sent() const { return conversation_.unsent(); }

    /// One element of the stream, to be answered when the turn ends.
    void put(std::string xml);
    /// Requests are looked at when the turn ends: some may have been read.
    void settle_soon() { context().shard().at_turn_end(*this); }
    void settle();
    /// Whether it has had less than its share of bytes, and the server does not stop.
    bool may_receive() const;
    /// So many bytes were read.
    void spend(std::size_t bytes) { budget_ -= static_cast<std::int64_t>(bytes); }
    void trust();
    /// Ends the session from our side: with a stream error, or without a reason.
    void begin_close(std::optional<StreamErrorCondition> error, std::string_view text,
                     const xml::Element* application = nullptr);
    /// The same for a reason of BOSH's.
    void end_session(bosh::Condition condition);
    /// A line in the log.
    void refuse(std::string_view condition, std::string_view text);
    void wake() { changed_.notify(); }

    // For who traces.
    void trace_received(const xml::Element& element) const;
    /// What stands for a header of the client's, or for its end.
    void trace_body(std::string_view attributes) const;
    void trace_sent(const xml::Element& element) const;
    void trace_sent(std::string_view xml) const;
    void trace_note(std::string_view what) const;

    /// Leaves this shard. From now on until arrive() it may only be destroyed.
    void depart();
    /// False: the server stops.
    bool arrive(ShardNet& here);
    bool in_transit() const { return net_ == nullptr; }

    // What differs.
    virtual std::size_t object_size() const = 0;
    virtual core::TracedStream traced() const = 0;
    virtual std::string_view counted_as() const = 0;
    virtual std::size_t max_send_buffer() const = 0;
    /// The conversation is over: tell who sits above, once. Never called from within a call by
    /// them.
    virtual void on_detached() = 0;
    /// The client took some of what was written.
    virtual void on_sent() = 0;
    /// deadline_ has passed while the stream is open.
    virtual void on_deadline() = 0;

    core::Signal changed_;  // for its coroutine
    SteadyTime deadline_;
    bool says_nothing_more_ = false;  // at the stop of the server requests are answered, no more

private:
    void end_turn() final { settle(); }
    void answer();
    void check_unsent();
    void spend_before_login(std::size_t bytes);
    void give_way();
    bool refill(Duration elapsed);

    ShardNet* net_;
    const std::string sid_;
    ConnectionCounts::Place place_;
    core::HttpPeer peer_;
    const bool encrypted_;
    bosh::Conversation conversation_;
    std::map<bosh::Ticket, BoshReply> replies_;
    std::int64_t budget_;       // bytes that may be read now, when there is a limit
    std::size_t burst_ = 0;     // unsent after the turn that began with nothing
    std::uint32_t input_left_;  // bytes that may still come before it is trusted
    std::uint32_t moves_ = 0;
    bool was_all_sent_ = true;  // at the end of the last turn
    bool trusted_ = false;
    bool reading_stopped_ = false;
};

}  // namespace clarion::net
