// Session: a bound resource (RFC 6120, section 7). It outlives its connection when it may be
// resumed.
//
//     live ──(connection lost, resumable)──> hibernating ──(resume)──> resuming ──> live
//       └──(closed, replaced, not resumable)──> ended <──(time ran out)──┘
//
// Owned (shared, so that coroutines can hold it weakly) by its Account, on the account's shard.
// Stream management's counters and queue live here because the stanza path needs them; the XEP-0198
// conversation is modules/stream_management, hibernating and waking are core/hibernation*.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/ack_window.h"
#include "proto/stanza.h"
#include "server/core/account.h"
#include "server/core/envelope.h"
#include "server/core/session_port.h"
#include "server/core/stretches.h"
#include "server/core/trace.h"
#include "server/core/unacked_stanza.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "server/runtime/slots.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

enum class SessionState : std::uint8_t { live, hibernating, resuming, ended };

enum class SessionEnd : std::uint8_t {
    closed,    // the client closed its stream
    lost,      // the connection broke and the session could not hibernate
    replaced,  // another connection took the resource
    kicked,    // by the administrator
    expired,   // time hibernating ran out
    shutdown,
    password_changed,  // by somebody else: the client must log in again
    disabled,          // the account was
    deleted,           // the account is being
};

/// What a client that is connected is told when the server ends its stream.
struct Farewell {
    std::optional<StreamErrorCondition> error{};
    std::string_view text{};
};
Farewell farewell(SessionEnd why);

class Session final : public AckSink, public TurnEnd, public std::enable_shared_from_this<Session> {
public:
    Session(Account& account, std::uint64_t number, Jid jid, std::string device, SessionPort* port);
    ~Session() override;

    Core& core() const { return core_; }
    Account& account() const { return account_; }
    std::uint64_t number() const { return number_; }
    const Jid& jid() const { return jid_; }
    std::string_view resource() const { return jid_.resource(); }
    /// SASL2 user-agent id, else the resource: what push registrations belong to.
    const std::string& device() const { return device_; }
    SessionState state() const { return state_; }
    bool is_live() const { return state_ == SessionState::live; }
    bool is_hibernating() const { return state_ == SessionState::hibernating; }
    /// nullptr unless live.
    SessionPort* port() const { return port_; }
    Slots& slots() { return slots_; }

    // Inbound: from the connection.
    /// One top-level element of the client's stream, after binding.
    void on_element(xml::Document&& element);
    /// Backpressure: false while the ack window is too wide or the writer's backlog is high; the
    /// port's resume_reading() follows.
    bool may_read();
    /// The client closed its stream: the session ends.
    void on_stream_closed();
    /// The client's stream cannot be understood any more (RFC 6120, 4.9.3): it gets this error and
    /// the session ends. It must not be resumed, for the client would send the same again, and so
    /// for ever. `refused_stanza`: the error lies in a stanza; it counts as handled, so that the
    /// client does not send it again in its next session either.
    void on_bad_xml(StreamErrorCondition error, std::string_view text, bool refused_stanza);
    /// The connection is gone without that: the session hibernates if it may, else it ends.
    void on_detached();

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
    /// For what cannot be sent any more: a request is answered, a message goes by the rules for
    /// undelivered ones.
    void redeliver(Envelope envelope);

    // Presence.
    bool available() const { return presence_ != nullptr; }
    int priority() const { return priority_; }
    /// Whether messages for the account are for this session (RFC 6121, 8.5.2.1).
    bool takes_messages() const { return available() && priority_ >= 0; }
    const StanzaPtr& presence() const { return presence_; }
    /// nullptr: unavailable.
    void set_presence(StanzaPtr presence);
    std::vector<Jid>& directed_presence() { return directed_presence_; }
    /// For SendHold: until it is released as often, what is delivered to it waits.
    void hold_sending() { ++send_holds_; }
    void release_sending();
    /// What waits behind a SendHold, or for the session to wake: not numbered yet.
    const std::vector<Envelope>& waiting() const { return waiting_; }

    // What it need not be sent again (core/stretches.h).
    /// A page of the account's archive brought this message to the client.
    void note_read(storage::ArchiveId id, std::uint64_t ordinal);
    bool has_read(storage::ArchiveId id) const;
    /// A message that had waited, offline or for another session, was sent to it. 0: none is meant.
    void note_delivered(std::uint64_t offline_seq);
    bool was_delivered(std::uint64_t offline_seq) const;
    /// It took messages for the account when this one came.
    bool took(std::uint64_t offline_seq) const;
    /// All of that for the record of its hibernation, and back.
    std::string seen_text() const;
    void restore_seen(std::string_view text);

    // Stream management and hibernation.
    StreamManagement* sm() { return sm_.get(); }
    const StreamManagement* sm() const { return sm_.get(); }
    StreamManagement& enable_sm(bool resumable, std::uint32_t max_seconds);
    sm::AckWindow& window() { return window_; }
    /// The client acknowledged: frees the queue, removes spooled and hibernating copies. Error:
    /// handled-count-too-high.
    Result<> on_ack(std::uint32_t handled);
    /// The client sent <r/>: answered when the stanzas before it are durable, at the latest after 1
    /// s.
    void on_ack_request();
    bool may_hibernate() const { return sm_ && !sm_->id.empty(); }
    /// `h`: inbound stanzas handled since stream management was enabled.
    std::uint32_t handled_in() const;
    /// Waits until what it has received so far is handled, so that nobody is told to send it again,
    /// but no longer than an <r/> would ([smacks] ack_answer_limit).
    Task<> handle_received();
    /// Notified when its state changes, more of what it received is handled, or there is room to
    /// send.
    Signal& changed() { return changed_; }
    /// From the port, after SessionPort::tell_send_room().
    void on_send_room() { changed_.notify(); }
    /// It has ended, and its account keeps it until all it received is handled
    /// (Account::remember_ended).
    void set_settling(bool settling) { settling_ = settling; }
    std::uint32_t queued_hibernating() const { return queued_hibernating_; }
    /// Hibernating, and nothing of it is in memory only.
    bool is_stored() const { return is_hibernating() && !unstored_.stanzas && !saves_soon_; }
    LastingTime hibernating_since() const { return hibernating_since_; }
    LastingTime expires_at() const { return expires_at_; }
    /// Moves the end of hibernation (push does: docs/push-rules.md, "Hibernation"), and when
    /// SessionExpiring is fired before it (zero: never). Written soon. REQUIRES: hibernating.
    void set_expiry(LastingTime at, LastingTime wake_at = {});
    LastingTime wake_at() const { return wake_at_; }
    /// That time has come: SessionExpiring is fired, once.
    void on_wake_time();
    /// Writes its record again, after a module's part changed: now, or within a moment, together
    /// with whatever else changes it until then. No-ops unless hibernating.
    void save_hibernating();
    void save_hibernating_soon();
    /// Writes the mark that lets a restarted server say goodbye for it; after directed presence
    /// changed.
    void write_online_record();
    /// What a client that resumed it must be told (XEP-0198, section 5). `id` is the session's.
    struct Resumed {
        std::string_view id;
        std::uint32_t handled;  // the h of <resumed/>
    };
    /// Takes over a connection. Who asked tells the client so and calls send_unacknowledged(), both
    /// before its next co_await. Errors: "item-not-found" (it ended meanwhile),
    /// "handled-count-too-high", "internal-server-error" (storage; it hibernates on).
    Task<Result<Resumed>> resume(SessionPort& port, std::uint32_t client_handled);
    /// Sends again what the client has not acknowledged, and then what has waited.
    /// REQUIRES: resume() has just succeeded.
    void send_unacknowledged();
    void hibernate();
    /// The server stops in order: a last <a/>, then it hibernates if it may, so that it can be
    /// resumed after the restart.
    void shut_down();
    /// Another connection takes the resource: ends it, and returns when what was not acknowledged
    /// is stored or sent, so that the session that comes next finds it. The caller pins the
    /// account.
    Task<> replace();
    /// It was ended by replace(): what it held waits for the next session of the resource.
    bool was_replaced() const { return replaced_; }
    /// Ends it: last presence, what is unacknowledged goes by the rules, the account forgets it.
    void end(SessionEnd why);

    // For loading.
    void restore_hibernating(const storage::HibernatingSession& record);
    /// It was live when the server died and did not come back: tells whom it told of itself.
    void send_final_presence(const storage::OnlineRecord& mark);
    /// Keeps for a day how far the stanzas of such a session were handled. REQUIRES: it has no
    /// record in storage.
    void remember_crashed(const storage::OnlineRecord& mark);

    // Requests of this client that wait for a slow one before them (RFC 6120, 10.1: answered in
    // order).
    std::vector<Envelope>& pending_requests() { return pending_requests_; }
    /// Counts those of them that are slow themselves: while there are max_pending_requests of
    /// [c2s], nothing is read.
    void begin_slow_request() { ++slow_requests_; }
    void end_slow_request();

    /// What a trace calls it.
    TracedStream traced() const { return {"c2s", jid_.bare(), {}, jid_.full()}; }

    // AckSink
    void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) override;
    // TurnEnd: answers <r/>, adds <r/> behind what was written, one write per flush
    void end_turn() override;

private:
    void on_inbound(xml::Document&& element);
    void refuse(const xml::Element& element, const Error& error);
    bool is_own_address(const Jid& jid) const;
    void set_state(SessionState state);
    void fail_stream(StreamErrorCondition condition, std::string_view text);
    void close_entry(std::uint32_t number);
    SeenMessages& seen();
    void note_taken();
    void dispatch(Envelope envelope);
    bool window_has_room() const;
    void go_on_reading();
    void on_window_moved();
    void wait(Envelope envelope);
    void send_waiting();
    void queue_hibernating(Envelope envelope);
    void tell_queued(Envelope& envelope);
    void write_sent(const UnackedStanza& sent);
    std::vector<Envelope> take_held();
    void answer_ack_request();
    bool repeats_itself() const;
    void answer_again_later();
    void answer_late();
    void request_ack();
    void request_ack_later();
    void write_ack();
    void watch_silence();
    void on_ack_delay();
    void watch_answers(Duration from_now);
    void on_ack_timeout();
    void detach_port();
    void store_queue();
    void put_unstored();
    void limit_hibernating();
    void write_record(storage::HibernationState state);
    void remove_record();
    void put_deadline();
    void remove_deadline();
    void remove_online_record();
    bool begin_end(SessionEnd why);
    void remember_resumption();
    Task<Result<Resumed>> wake(SessionPort& port, std::uint32_t client_handled);
    Task<Result<std::vector<UnackedStanza>>> read_queue();
    StanzaPtr make_filler() const;
    void fill_gaps(std::vector<UnackedStanza>& queue) const;
    void stay_hibernating();
    Resumed take_over(SessionPort& port);
    void redeliver_all(std::vector<UnackedStanza> unacked);
    Task<> redeliver_stored(std::shared_ptr<Session> self);
    void restore_presence(StanzaPtr presence);

    Core& core_;  // not by way of account_: a connection may keep an ended session longer
    Account& account_;
    const std::uint64_t number_;
    Jid jid_;
    std::string device_;
    SessionPort* port_;
    SessionState state_ = SessionState::live;
    std::uint8_t send_holds_ = 0;
    bool reading_paused_ = false;
    bool waits_for_writer_ = false;
    bool settling_ = false;
    bool replaced_ = false;
    bool saves_soon_ = false;    // hibernating: its record is about to be written
    bool record_stale_ = false;  // hibernating: its record has an older h
    std::int8_t priority_ = 0;
    StanzaPtr presence_;
    std::uint64_t taking_since_ =
        0;  // took the messages after this offline_seq, while it takes any
    std::vector<Jid> directed_presence_;
    sm::AckWindow window_;
    std::unique_ptr<StreamManagement> sm_;
    Signal changed_;
    std::vector<Envelope> waiting_;  // behind a SendHold, or while its waking is being stored
    std::vector<Envelope> pending_requests_;
    std::uint32_t slow_requests_ = 0;
    std::unique_ptr<SeenMessages> seen_;  // nullptr until there is something
    Slots slots_;
    std::uint32_t queued_hibernating_ =
        0;  // entries of the hibernating queue in storage, while hibernating
    std::uint32_t stored_queue_ =
        0;  // after waking: how many at the head of sm_->queue storage still has
    /// The queue of one that began to hibernate until storage has it: those from `first` on.
    struct Unstored {
        std::shared_ptr<const std::vector<UnackedStanza>> stanzas;
        std::uint32_t first = 0;
    };
    Unstored unstored_;
    /// Waking: what joined the queue while storage was read, by its place there; and whether the
    /// mark that it is awake was written, after which nothing may join.
    std::vector<std::pair<std::uint32_t, Envelope>> arrived_;
    bool resumption_marked_ = false;
    TimerId store_timer_{};
    LastingTime hibernating_since_{};
    LastingTime expires_at_{};
    LastingTime wake_at_{};
    LastingTime stored_expires_at_{};  // the deadlines that storage has; zero: none
    LastingTime stored_wake_at_{};
    bool marked_ = false;
};

}  // namespace clarion::core
