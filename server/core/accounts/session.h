// Session: a bound resource (RFC 6120, section 7). It outlives its connection when it may be
// resumed.
//
//     live ──(connection lost, resumable)──> hibernating ──(resume)──> resuming ──> live
//       └──(closed, replaced, not resumable)──> ended <──(time ran out)──┘
//
// Owned (shared, so that coroutines can hold it weakly) by its Account, on the account's shard.
// It owns its parts: InboundWindow (what was received and is not dealt with), StreamManagement
// (what was sent and is not acknowledged), Hibernation (what outlives the connection) and
// SeenHistory. The second and third know their Session. Hibernation takes the queue from
// StreamManagement and gives it back; StreamManagement does not know of Hibernation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/stanza.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/acknowledgements.h"
#include "server/core/accounts/hibernation.h"
#include "server/core/accounts/seen_history.h"
#include "server/core/accounts/session_end.h"
#include "server/core/accounts/session_port.h"
#include "server/core/accounts/unacked_stanza.h"
#include "server/core/routing/envelope.h"
#include "server/core/routing/inbound_window.h"
#include "server/core/routing/trace.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "server/runtime/slots.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

enum class SessionState : std::uint8_t { live, hibernating, resuming, ended };

class Session final : public AckSink, public TurnEnd, public std::enable_shared_from_this<Session> {
public:
    Session(Account& account, std::uint64_t number, Jid jid, std::string device, SessionPort* port);
    ~Session() override;

    Context& context() const { return context_; }
    Account& account() const { return account_; }
    std::uint64_t number() const { return number_; }
    const Jid& jid() const { return jid_; }
    std::string_view resource() const { return jid_.resource(); }
    /// SASL2 user-agent id, else the resource: what push registrations belong to.
    const std::string& device() const { return device_; }
    SessionState state() const { return state_; }
    bool is_live() const { return state_ == SessionState::live; }
    /// At least once, from another connection than its first.
    bool was_resumed() const { return resumed_; }
    bool is_hibernating() const { return state_ == SessionState::hibernating; }
    /// nullptr unless live.
    SessionPort* port() const { return port_; }
    Slots& slots() { return slots_; }
    /// Notified when its state changes, more of what it received is handled, or there is room to
    /// send.
    Signal& changed() { return changed_; }
    /// What a trace calls it.
    TracedStream traced() const { return {"c2s", jid_.bare(), {}, jid_.full()}; }

    // Its parts.
    InboundWindow& window() { return window_; }
    const InboundWindow& window() const { return window_; }
    Hibernation& hibernation() { return hibernation_; }
    const Hibernation& hibernation() const { return hibernation_; }
    SeenHistory& seen() { return seen_; }
    const SeenHistory& seen() const { return seen_; }
    /// nullptr: the client did not enable it.
    StreamManagement* sm() { return sm_.get(); }
    const StreamManagement* sm() const { return sm_.get(); }
    /// The client does; `resumable`: it gets an id. REQUIRES: it did not before.
    StreamManagement& enable_sm(bool resumable, std::uint32_t max_seconds);
    bool may_hibernate() const { return sm_ && !sm_->id().empty(); }
    /// `h`: inbound stanzas handled since stream management was enabled; 0 without it.
    std::uint32_t handled_in() const { return sm_ ? sm_->handled_in() : 0; }

    // Inbound: from the connection.
    /// One top-level element of the client's stream, after binding.
    void on_element(xml::Document&& element);
    /// Backpressure: false while the ack window is too wide or the writer's backlog is high; the
    /// port's resume_reading() follows.
    bool may_read();
    /// What it said took so long. An account that has had its share ([c2s] max_work_percent) is read
    /// no further for a while.
    void charge_work(SteadyTime now, SteadyTime::duration worked);
    /// The client closed its stream: the session ends.
    void on_stream_closed();
    /// The client's stream cannot be understood any more (RFC 6120, 4.9.3): it gets this error and
    /// the session ends. It must not be resumed, for the client would send the same again, and so
    /// for ever. `refused_stanza`: the error lies in a stanza; it counts as handled, so that the
    /// client does not send it again in its next session either.
    void on_bad_xml(StreamErrorCondition error, std::string_view text, bool refused_stanza);
    /// The connection is gone without that: the session hibernates if it may, else it ends.
    void on_detached();
    /// From the port, after SessionPort::tell_send_room().
    void on_send_room() { changed_.notify(); }
    /// Waits until what it has received so far is handled, so that nobody is told to send it again,
    /// but no longer than an <r/> would ([smacks] ack_answer_limit).
    Task<> handle_received();
    /// It has ended, and its account keeps it until all it received is handled
    /// (Account::remember_ended).
    void set_settling(bool settling) { settling_ = settling; }

    // Requests of this client that wait for a slow one before them (RFC 6120, 10.1: answered in
    // order).
    std::vector<Envelope>& pending_requests() { return pending_requests_; }
    /// Counts those of them that are slow themselves: while there are max_pending_requests of
    /// [c2s], nothing is read.
    void begin_slow_request() { ++slow_requests_; }
    void end_slow_request();

    // Outbound.
    /// To the client, through the delivery queue: nothing happens within, so a list of sessions may
    /// be walked while they are sent to.
    void send(Envelope envelope);
    void send(StanzaPtr stanza);
    /// For DeliveryQueue: its turn has come. CSI may hold it, stream management numbers it, then it
    /// is written or queued hibernating.
    void deliver(Envelope envelope);
    /// Past the `hold` stage: for who held stanzas back and now lets them go.
    void send_now(Envelope envelope);
    /// Sends again what the client has not acknowledged, and then what has waited.
    /// REQUIRES: Hibernation::resume() has just succeeded.
    void send_unacknowledged();
    /// For what cannot be sent any more: a request is answered, a message goes by the rules for
    /// undelivered ones (RFC 6121 8.5, XEP-0198 section 5).
    void redeliver(Envelope envelope);
    void redeliver_all(std::vector<UnackedStanza> unacked);
    /// For SendHold: until it is released as often, what is delivered to it waits.
    void hold_sending() { ++send_holds_; }
    void release_sending();
    /// What waits behind a SendHold, or for the session to wake: not numbered yet.
    const std::vector<Envelope>& waiting() const { return waiting_; }
    void send_waiting();

    // Presence.
    bool available() const { return presence_ != nullptr; }
    int priority() const { return priority_; }
    /// Whether messages for the account are for this session (RFC 6121, 8.5.2.1).
    bool takes_messages() const { return available() && priority_ >= 0; }
    /// Whether a message that waited need not be sent to it: it took it or was sent a copy when it
    /// came, was sent it since, or read it in the archive. `held_by`: the session that it waited
    /// for; nullptr: it is an offline message.
    bool has_message(const Envelope& envelope, const Session* held_by);
    const StanzaPtr& presence() const { return presence_; }
    /// nullptr: unavailable.
    void set_presence(StanzaPtr presence);
    std::vector<Jid>& directed_presence() { return directed_presence_; }

    // The end.
    /// The server stops in order, or its account is to be moved: a last <a/>, then it hibernates if
    /// it may, so that it can be resumed after the restart, or at its new home.
    void shut_down(SessionEnd why);
    /// Its account is not this shard's any more: its connection is cut, and it neither writes nor
    /// sends from now on.
    void drop();
    /// Another connection takes the resource: ends it, and returns when what was not acknowledged
    /// is stored or sent, so that the session that comes next finds it. The caller pins the
    /// account.
    Task<> replace();
    /// It was ended by replace(): what it held waits for the next session of the resource.
    bool was_replaced() const { return replaced_; }
    /// Ends it: last presence, what is unacknowledged goes by the rules, the account forgets it.
    void end(SessionEnd why);
    /// The client gets this stream error, and the session ends.
    void fail_stream(StreamErrorCondition condition, std::string_view text);

    // For its parts.
    void enter(SessionState state);
    /// A connection takes it over: it is live.
    void attach(SessionPort& port);
    /// It has no connection any more; returns which it had.
    SessionPort* detach();
    /// What was kept from the client while it was inactive, and is not sent any more.
    std::vector<Envelope> take_held();
    /// The client acknowledged its stanza `number`.
    void on_acked(std::uint32_t number, const storage::StanzaMeta& meta);
    /// For loading: what a record says of its stream management, and of its presence.
    void restore_sm(std::string id, std::uint32_t max_seconds, std::uint32_t acked,
                    std::uint32_t handled_in);
    void restore_presence(StanzaPtr presence);

    // AckSink
    void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) override;
    void charge(std::uint32_t number, std::size_t bytes) override { window_.charge(number, bytes); }
    // TurnEnd
    void end_turn() override;

private:
    void on_inbound(xml::Document&& element);
    void on_closed_entry(bool grown);
    void go_on_reading();
    void wait(Envelope envelope);
    bool begin_end(SessionEnd why);

    Context& context_;  // not by way of account_: a connection may keep an ended session longer
    Account& account_;
    const std::uint64_t number_;
    Jid jid_;
    std::string device_;
    SessionPort* port_;
    SessionState state_ = SessionState::live;
    std::uint8_t send_holds_ = 0;
    bool reading_paused_ = false;
    bool waits_to_read_ = false;
    bool rests_ = false;  // its account has had its share of time
    bool settling_ = false;
    bool replaced_ = false;
    bool resumed_ = false;  // once at least: who did may not know its resource
    std::int8_t priority_ = 0;
    StanzaPtr presence_;
    std::vector<Jid> directed_presence_;
    InboundWindow window_;
    std::unique_ptr<StreamManagement> sm_;
    Hibernation hibernation_;
    SeenHistory seen_;
    Signal changed_;
    std::vector<Envelope> waiting_;  // behind a SendHold, or while its waking is being stored
    std::vector<Envelope> pending_requests_;
    std::uint32_t slow_requests_ = 0;
    std::uint32_t waiting_bytes_ = 0;  // what waiting_ takes in memory
    Slots slots_;
};

}  // namespace clarion::core
