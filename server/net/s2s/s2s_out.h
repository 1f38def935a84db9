// S2sOut: the link from one of our domains to one remote domain (RFC 6120, XEP-0220, XEP-0178).
//
//     resolving -> connecting -> negotiating -> secured -> up -> (idle too long, or lost) gone
//
// `secured` is enough to ask whether a dialback key is genuine; a link that nobody sends stanzas
// over stays there. Owned by RemoteDomains and by its coroutine, on the home shard of the remote
// domain; a link that has failed or idled goes away, what is remembered of it is the pause until
// the next attempt. One write per turn (TurnEnd).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proto/negotiation_s2s_out.h"
#include "proto/xml_stream.h"
#include "server/core/options.h"
#include "server/core/routing/trace.h"
#include "server/net/s2s/connector.h"
#include "server/net/s2s/s2s_backlog.h"
#include "server/net/s2s/s2s_link_info.h"
#include "server/net/s2s/s2s_questions.h"
#include "server/net/s2s/s2s_queue.h"
#include "server/net/shard_net.h"
#include "server/net/transport/out_buffer.h"
#include "server/net/transport/transport.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::net {

class S2sOut;

/// What a link tells its owner. Called on the link's shard.
class S2sOutOwner {
public:
    virtual void on_up(S2sOut& link) = 0;
    /// An attempt failed: the link takes nothing more, and returns what waits right after this.
    virtual void on_failed(S2sOut& link, const s2s::Failure& failure) = 0;
    /// Its coroutine is about to end.
    virtual void on_gone(S2sOut& link) = 0;
    /// What waits on all links of the shard.
    virtual S2sBacklog& backlog() = 0;
    /// Whether there is room for one more, on a link that has `link_bytes`.
    virtual bool has_room_for(const Stanza& stanza, std::size_t link_bytes) const = 0;

protected:
    ~S2sOutOwner() = default;
};

class S2sOut final : public Connection,
                     public core::TurnEnd,
                     private WritableSink,
                     public std::enable_shared_from_this<S2sOut> {
public:
    /// References outlive it. With a `report` it is a test: it authenticates, says so, and goes.
    S2sOut(S2sOutOwner& owner, ShardNet& net, Resolver& resolver, std::string local,
           std::string remote, core::RemoteReport report = {});
    ~S2sOut();

    /// Its life: one attempt after the other until the link is gone. Spawned once, in ShardNet's
    /// scope.
    static Task<> run(std::shared_ptr<S2sOut> self);

    const std::string& local() const { return local_; }
    const std::string& remote() const { return remote_; }
    S2sLinkInfo info() const;
    bool is_test() const { return static_cast<bool>(report_); }
    bool is_up() const { return negotiation_ && negotiation_->is_up() && !ending_; }

    /// Queues, writes, or returns the stanza.
    void deliver(core::Envelope envelope);
    void deliver_restored(StanzaPtr stanza, std::uint64_t seq, WallTime received);

    /// What is left to do for the remote domain when it moves to another shard.
    struct Rest {
        std::deque<S2sQueue::Item> items;
        std::vector<S2sQuestions::Question> questions;
    };
    /// Ends, in order if nothing is half said; `at_once`: anyhow. Nothing more is tried, spooled or
    /// returned here.
    Rest leave(bool at_once);
    /// What it left is this link's now.
    void adopt(std::deque<S2sQueue::Item> items);

    using Answered = S2sQuestions::Answered;
    /// Asks the remote domain about a dialback key; `answered` is called exactly once, here.
    void ask(s2s::VerifyRequest request, Answered answered);

    // Connection
    bool sweep(SteadyTime now, Duration elapsed) override;
    void shut_down(StreamErrorCondition condition) override;
    void stop_reading() override {}
    std::size_t memory() const override {
        return heap_bytes(sizeof *this) + out_.memory() + queue_.bytes();
    }
    // TurnEnd
    void end_turn() override;

private:
    enum class Step : std::uint8_t { go_on, start_tls, over };

    const core::S2sOptions& options() const;
    bool has_room_for(const Stanza& stanza) const;
    s2s::OutgoingPolicy policy() const;
    ConnectSettings connect_settings() const;

    static Task<> dial(std::shared_ptr<S2sOut> self, Connector& connector);
    Task<bool> attempt();
    void attach(Connected connected);
    Task<> converse(bool direct_tls);
    Task<bool> secure(bool direct_tls);
    Step read_some();
    Step parse(std::string_view bytes);
    s2s::OutgoingNegotiation::Next on_element(const xml::Document& element);
    Step act(s2s::OutgoingNegotiation::Next next);
    void on_secured();
    void on_up();
    void proceed();
    void take_answer();
    void ask_pending();
    void fail_attempt();
    bool may_try_elsewhere() const;
    bool goes_on() const;
    void detach();
    void reset();
    void count_stream(bool up);
    void close_stream();
    bool is_wanted() const;
    bool flush();
    void tell(bool ok, std::string text) const;
    void on_writable() override;

    core::TracedStream traced() const { return {"s2s-out", {}, remote_, local_}; }
    /// Has `write` append to the stream, and tells who traces what it appended.
    template <class Write>
    auto say(Write write) {
        std::string& text = out_.text();
        const std::size_t before = text.size();
        const auto result = write(text);
        core::Trace* const trace = net_.context().trace();
        if (trace && text.size() > before)
            trace->on_text(traced(), core::TraceEvent::sent, std::string_view(text).substr(before));
        return result;
    }
    void say_end();
    void trace_header() const;

    S2sOutOwner& owner_;
    ShardNet& net_;
    Resolver& resolver_;
    const std::string local_, remote_;
    const core::RemoteReport report_;
    S2sQueue queue_;
    OutBuffer out_;
    std::uint64_t taken_ = 0;               // bytes of this stream that the socket took
    std::unique_ptr<core::Scope> dialing_;  // while looking for a place that accepts
    std::optional<Result<Connected>> dialed_;
    std::unique_ptr<Transport> transport_;
    std::optional<xml::XmlStream> stream_;
    std::optional<s2s::OutgoingNegotiation> negotiation_;
    std::optional<s2s::Failure> failure_;  // of the attempt
    S2sQuestions questions_;
    s2s::Stage stage_ = s2s::Stage::resolve;
    std::string host_;
    bool authenticating_ = false;
    bool closing_ = false;  // our stream is closed, the peer's not yet
    bool ending_ = false;
    bool left_ = false;     // its domain is another shard's
    bool counted_ = false;  // in clarion_s2s_streams
    WallTime since_{};
    SteadyTime deadline_{};  // of the negotiation, or of closing
    SteadyTime last_stanza_{};
    SteadyTime up_at_{};
};

}  // namespace clarion::net
