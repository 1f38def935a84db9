#include "server/core/accounts/session.h"

#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "proto/ns.h"
#include "proto/presence.h"
#include "server/core/accounts/full_queue.h"
#include "server/core/accounts/inbound_stanza.h"
#include "server/core/accounts/session_outlet.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/events/iq_events.h"
#include "server/core/events/message_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/routing/trace.h"
#include "server/core/routing/writer_room.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"session"};

}  // namespace

Session::Session(Account& account, std::uint64_t number, Jid jid, std::string device,
                 SessionPort* port)
    : context_(account.context()),
      account_(account),
      number_(number),
      jid_(std::move(jid)),
      device_(std::move(device)),
      port_(port),
      hibernation_(*this) {}

Session::~Session() { context().shard().forget(*this); }

/// For those who wait for it.
void Session::enter(SessionState state) {
    state_ = state;
    changed_.notify();
}

// ---- Inbound -----------------------------------------------------------------------------------

void Session::on_element(xml::Document&& element) {
    account_.touch();
    if (sm_) sm_->on_heard();
    if (is_stanza(element.root())) {
        on_inbound(std::move(element));
        context().deliveries().run();  // before the next one, which may be the end of the stream
        return;
    }
    events::SessionElement event{*this, element.root()};
    if (context().bus().fire(event) == Flow::stop || !port_) return;
    if (is_called_like_a_stanza(element.root())) on_closed_entry(window_.pass_over());
    fail_stream(StreamErrorCondition::unsupported_stanza_type, "unknown element");
}

void Session::on_inbound(xml::Document&& element) {
    const std::size_t bytes = element.footprint();
    auto parsed = Stanza::from_document(std::move(element));
    if (!parsed) {
        on_closed_entry(window_.pass_over());
        return refuse_stanza(*this, element.root(), parsed.error());
    }
    auto stanza = std::move(*parsed);
    if (!stanza->from().empty() && !is_address_of(*this, stanza->from())) {
        on_closed_entry(window_.pass_over());
        return fail_stream(StreamErrorCondition::invalid_from, wrong_from);
    }
    stanza->set_from(jid_);
    strip_forged_delays(*stanza, context().domains());
    dispatch_stanza(*this, window_.admit(context(), weak_from_this(), std::move(stanza), bytes));
}

void Session::end_slow_request() {
    --slow_requests_;
    go_on_reading();
}

bool Session::may_read() {
    const auto& limits = context().options<C2sOptions>(account_.host());
    const bool room = !rests_ && window_.has_room(limits) &&
                      slow_requests_ < static_cast<std::uint32_t>(limits.max_pending_requests);
    const bool behind = context().deliveries().is_behind();
    reading_paused_ = !room || behind || !context().internals().writer_room.has_room();
    // The window says when it narrows, and a rest when it ends; what is everybody's must be asked.
    if (!room || !reading_paused_ || std::exchange(waits_to_read_, true)) return !reading_paused_;
    auto go_on = [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->waits_to_read_ = false;
        self->go_on_reading();
    };
    if (behind)
        context().deliveries().push([go_on](Context&) { go_on(); });
    else
        context().internals().writer_room.when_room(std::move(go_on));
    return false;
}

void Session::go_on_reading() {
    if (reading_paused_ && port_ && may_read()) port_->resume_reading();
}

/// `grown`: h has.
void Session::on_closed_entry(bool grown) {
    if (!grown) return;
    changed_.notify();
    if (window_.is_empty()) context().partitions_changed().notify();
    if (!sm_) return;
    sm_->on_handled();
    hibernation_.on_handled();
}

void Session::settle(std::uint32_t number, const StanzaError* error, const Origin& origin) {
    if (error && state_ != SessionState::ended)
        if (auto answer = answer_failed(context(), origin, *error)) send(std::move(answer));
    on_closed_entry(window_.settle(number));
    if (settling_ && window_.is_empty()) return account_.settled(*this);
    go_on_reading();
}

Task<> Session::handle_received() {
    const auto self = shared_from_this();
    Context& context = context_;
    const std::uint32_t received = window_.received();
    const SteadyTime until =
        context.clock().steady() + context.options<SmacksOptions>(jid_.domain()).ack_answer_limit;
    const auto left = [&] { return until - context.clock().steady(); };
    while (!window_.is_empty() && !window_.is_handled(received) && left() > Duration::zero())
        co_await changed_.wait(context.shard(), std::chrono::ceil<Duration>(left()));
}

void Session::end_turn() {
    if (hibernation_.save_if_stale()) return;
    if (is_live() && port_ && sm_) sm_->end_turn();
}

// ---- Outbound ----------------------------------------------------------------------------------

void Session::send(StanzaPtr stanza) { send(context().router().envelope_for(std::move(stanza))); }

void Session::send(Envelope envelope) {
    if (state_ != SessionState::ended)
        context().deliveries().push(shared_from_this(), std::move(envelope));
}

void Session::deliver(Envelope envelope) {
    if (state_ == SessionState::ended) return redeliver(std::move(envelope));
    if ((send_holds_ > 0 && is_live()) ||
        (state_ == SessionState::resuming && hibernation_.is_closed()))
        return wait(std::move(envelope));
    events::SessionSending event{*this, envelope};
    if (context().bus().fire(event) == Flow::next) send_now(std::move(envelope));
}

/// Its turn comes when the offline messages are sent, or when it is awake. Only a message would be
/// missed: its sender hears no sooner that it has come.
void Session::wait(Envelope envelope) {
    if (!envelope.stanza->is_message()) envelope.ticket.release();
    waiting_bytes_ += static_cast<std::uint32_t>(envelope.stanza->cost());
    waiting_.push_back(std::move(envelope));
    const auto& limits = context().options<SmacksOptions>(account_.host());
    if (limits.allow_queue(waiting_.size(), waiting_bytes_)) return;
    context().refusals().tell(logger, jid_.bare(), "too-much-waits", {{"session", jid_.full()}});
    if (state_ == SessionState::resuming) return end(SessionEnd::expired);
    fail_stream(StreamErrorCondition::policy_violation, "too much waits for this client");
}

void Session::send_waiting() {
    auto waiting = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    for (auto& envelope : waiting) {
        if (state_ == SessionState::ended)  // one of them was one too many
            redeliver(std::move(envelope));
        else if (account_.may_hand_over(*envelope.stanza))
            deliver(std::move(envelope));
        else if (envelope.meta.spooled)
            account_.remove_offline(envelope.meta.offline_seq);
    }
}

void Session::release_sending() {
    if (--send_holds_ == 0 && is_live()) send_waiting();
}

void Session::send_now(Envelope envelope) {
    if (state_ == SessionState::hibernating || state_ == SessionState::resuming) {
        if (hibernation_.is_full()) return give_to_full_queue(*this, std::move(envelope));
        return hibernation_.queue(std::move(envelope));
    }
    if (!port_) return;
    if (!sm_) return port_->write(*envelope.stanza);
    sm_->send(std::move(envelope));
}

void Session::send_unacknowledged() {
    sm_->send_again();
    context().bus().fire(events::SessionResumed{*this});
    send_waiting();
}

void Session::on_acked(std::uint32_t number, const storage::StanzaMeta& meta) {
    if (meta.spooled) account_.remove_offline(meta.offline_seq);
    hibernation_.on_acked(number);
}

void Session::redeliver_all(std::vector<UnackedStanza> unacked) {
    for (auto& sent : unacked)
        if (sent.stanza) redeliver(std::move(sent).to_envelope());
}

void Session::redeliver(Envelope envelope) {
    if (account_.gone()) return;  // its new home has what must be kept
    if (envelope.meta.held_back && !may_be_kept_offline(*envelope.stanza))
        return;  // nobody misses it
    if (envelope.stanza->is_request())
        context().router().bounce(std::move(envelope),
                                  {StanzaErrorCondition::recipient_unavailable});
    else if (envelope.stanza->is_message() && !envelope.meta.is_copy)
        context().internals().outlet.redeliver(account_, this, std::move(envelope));
}

std::vector<Envelope> Session::take_held() {
    std::vector<Envelope> held;
    context().bus().fire(events::SessionDetaching{*this, held});
    for (Envelope& envelope : held) envelope.meta.held_back = true;
    return held;
}

bool Session::has_message(const Envelope& envelope, const Session* held_by) {
    const std::uint64_t seq = envelope.meta.offline_seq;
    if (seen_.has_read(envelope.meta.archive_id) || seen_.was_delivered(seq)) return true;
    if (seen_.missed(seq)) return false;
    const Jid& to = envelope.stanza->to();
    // What was for a resource that was not there went to all.
    const bool for_one = to.is_full() && (!held_by || held_by->resource() == to.resource());
    if (for_one && envelope.stanza->from() == jid_) return true;  // its own words
    if (!for_one && seen_.took(seq, takes_messages())) return true;
    events::CopySought event{account_, *this, *envelope.stanza, seq};
    return context().bus().fire(event) == Flow::stop;
}

// ---- Presence ----------------------------------------------------------------------------------

void Session::set_presence(StanzaPtr presence) {
    const bool was = available();
    const bool took = takes_messages();
    restore_presence(std::move(presence));
    if (took && !takes_messages()) seen_.stop_taking(account_.last_offline_seq());
    if (!took && takes_messages()) seen_.begin_taking(account_.last_offline_seq());
    if (was != available() && state_ == SessionState::live) hibernation_.write_online_record();
}

void Session::restore_presence(StanzaPtr presence) {
    presence_ = std::move(presence);
    priority_ = presence_ ? presence_priority(*presence_).value_or(0) : std::int8_t{0};
}

// ---- Stream management -------------------------------------------------------------------------

StreamManagement& Session::enable_sm(bool resumable, std::uint32_t max_seconds) {
    // 88 bits: short enough to live in the string itself, and it takes a login besides to use it.
    sm_ = std::make_unique<StreamManagement>(*this, resumable ? random_token(11) : std::string(),
                                             max_seconds);
    hibernation_.write_online_record();
    return *sm_;
}

void Session::restore_sm(std::string id, std::uint32_t max_seconds, std::uint32_t acked,
                         std::uint32_t handled_in) {
    sm_ = std::make_unique<StreamManagement>(*this, std::move(id), max_seconds);
    sm_->restore(acked);
    window_.restore(handled_in);
}

// ---- Connections come and go -------------------------------------------------------------------

void Session::attach(SessionPort& port) {
    port_ = &port;
    resumed_ = true;
    enter(SessionState::live);
    reading_paused_ = false;
    context().shard().at_turn_end(*this);
}

SessionPort* Session::detach() {
    SessionPort* const port = std::exchange(port_, nullptr);
    if (sm_) sm_->on_detached();
    return port;
}

void Session::on_detached() {
    if (!is_live()) return;
    detach();
    if (may_hibernate())
        hibernation_.begin();
    else
        end(SessionEnd::lost);
}

void Session::on_stream_closed() {
    if (state_ == SessionState::ended) return;
    detach();
    end(SessionEnd::closed);
}

void Session::on_bad_xml(StreamErrorCondition error, std::string_view text, bool refused_stanza) {
    if (refused_stanza) on_closed_entry(window_.pass_over());
    fail_stream(error, text);
}

void Session::fail_stream(StreamErrorCondition condition, std::string_view text) {
    if (SessionPort* const port = detach()) port->close(condition, text);
    end(SessionEnd::closed);
}

void Session::shut_down(SessionEnd why) {
    hibernation_.flush();
    if (!is_live()) return;
    if (!may_hibernate()) return end(why);
    sm_->write_ack();
    SessionPort* const port = detach();
    hibernation_.begin();
    if (!port) return;
    if (why == SessionEnd::moved)
        port->cut_off(true);
    else
        port->abandon();
}

void Session::drop() {
    if (SessionPort* const port = detach()) port->cut_off(false);
    enter(SessionState::ended);
    context().shard().forget(*this);
    const auto waiting = std::exchange(waiting_, {});
    const auto pending = std::exchange(pending_requests_, {});
}

// ---- The end -----------------------------------------------------------------------------------

void Session::end(SessionEnd why) {
    const auto self = shared_from_this();
    if (begin_end(why))
        context()
            .scope_of(account_.id())
            .spawn("end-of-sleep", hibernation_.redeliver_stored(self));
}

Task<> Session::replace() {
    const auto self = shared_from_this();
    replaced_ = true;
    if (begin_end(SessionEnd::replaced)) co_await hibernation_.redeliver_stored(self);
}

/// True: its queue is in storage, and is to be redelivered from there.
bool Session::begin_end(SessionEnd why) {
    if (state_ == SessionState::ended) return false;
    const auto self = shared_from_this();
    const bool was_hibernating =
        state_ == SessionState::hibernating || state_ == SessionState::resuming;
    enter(SessionState::ended);
    if (Trace* trace = context().trace()) trace->on_note(traced(), describe(why));
    if (SessionPort* const port = detach()) {
        const Farewell said = farewell(why);
        port->close(said.error, said.text);
    }
    std::vector<Envelope> held = take_held();
    if (available() || !directed_presence_.empty())
        context().internals().outlet.send_unavailable(*this);
    context().bus().fire(events::SessionEnded{*this, why});
    if (may_hibernate()) account_.remember_ended({number_, sm_->id(), handled_in(), self});
    account_.remove_session(*this);
    hibernation_.remove_online_record();
    if (was_hibernating && hibernation_.keep_until_redelivered()) return true;
    if (was_hibernating) hibernation_.remove_deadlines();
    if (sm_) redeliver_all(sm_->take_queue());
    for (Envelope& envelope : held) redeliver(std::move(envelope));
    send_waiting();
    if (was_hibernating || hibernation_.has_stored_queue()) hibernation_.remember_ended();
    return false;
}

}  // namespace clarion::core
