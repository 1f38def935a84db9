#include "server/core/session.h"

#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "proto/ns.h"
#include "server/core/core.h"
#include "server/core/options.h"
#include "server/core/presence.h"
#include "server/events/iq_events.h"
#include "server/events/message_events.h"
#include "server/events/session_events.h"
#include "server/events/stream_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"session"};

bool is_called_like_a_stanza(const xml::Element& element) {
    return element.name() == "message" || element.name() == "presence" || element.name() == "iq";
}

bool is_stanza(const xml::Element& element) {
    return element.ns() == ns::client && is_called_like_a_stanza(element);
}

}  // namespace

Session::Session(Account& account, std::uint64_t number, Jid jid, std::string device,
                 SessionPort* port)
    : core_(account.core()),
      account_(account),
      number_(number),
      jid_(std::move(jid)),
      device_(std::move(device)),
      port_(port) {}

Session::~Session() {
    Shard& shard = core().shard();
    shard.forget(*this);
    shard.cancel(store_timer_);
    if (sm_) {
        shard.cancel(sm_->answer_timer);
        shard.cancel(sm_->delay_timer);
        shard.cancel(sm_->request_timer);
        shard.cancel(sm_->timeout_timer);
    }
}

/// For those who wait for it.
void Session::set_state(SessionState state) {
    state_ = state;
    changed_.notify();
}

// ---- Inbound -----------------------------------------------------------------------------------

void Session::on_element(xml::Document&& element) {
    account_.touch();
    if (sm_) sm_->heard_at = core().clock().steady();
    if (is_stanza(element.root())) {
        on_inbound(std::move(element));
        core().deliveries().run();  // before the next one, which may be the end of the stream
        return;
    }
    events::SessionElement event{*this, element.root()};
    core().bus().fire(event);
    if (event.handled || !port_) return;
    if (is_called_like_a_stanza(element.root())) close_entry(window_.open(0));
    fail_stream(StreamErrorCondition::unsupported_stanza_type, "unknown element");
}

void Session::on_bad_xml(StreamErrorCondition error, std::string_view text, bool refused_stanza) {
    if (refused_stanza) close_entry(window_.open(0));
    fail_stream(error, text);
}

void Session::fail_stream(StreamErrorCondition condition, std::string_view text) {
    if (SessionPort* port = port_) {
        detach_port();
        port->close(condition, text);
    }
    end(SessionEnd::closed);
}

void Session::on_inbound(xml::Document&& element) {
    const std::uint32_t number = window_.open(element.footprint());
    auto parsed = Stanza::from_document(std::move(element));
    if (!parsed) {
        close_entry(number);
        return refuse(element.root(), parsed.error());
    }
    auto stanza = std::move(*parsed);
    if (!stanza->from().empty() && !is_own_address(stanza->from())) {
        close_entry(number);
        return fail_stream(StreamErrorCondition::invalid_from, "'from' is not this client's");
    }
    stanza->set_from(jid_);
    strip_forged_delays(*stanza, core().hosts());
    Envelope envelope;
    envelope.ticket = Ticket(core().shard(), weak_from_this(), number, *stanza);
    envelope.meta.received = core().clock().wall();
    envelope.stanza = std::move(stanza);
    dispatch(std::move(envelope));
}

/// Something that calls itself a stanza but is not one.
void Session::refuse(const xml::Element& element, const Error& error) {
    if (const auto from = element.find_attr("from")) {
        const auto claimed = Jid::parse(*from);
        if (!claimed || !is_own_address(*claimed))
            return fail_stream(StreamErrorCondition::invalid_from, "'from' is not this client's");
    }
    const auto answer = make_refusal(element, error);
    if (!answer) return;
    core().refusals().on_element(jid_.full(), element, read_error(answer->root()));
    answer->set_to(jid_);
    if (!element.has_attr("to")) answer->set_from(jid_.to_bare());
    send(answer);
}

/// RFC 6120, 8.1.2.1: what a client may put into 'from'.
bool Session::is_own_address(const Jid& jid) const {
    return jid == jid_ || jid.full() == jid_.bare();
}

void Session::dispatch(Envelope envelope) {
    const WriteHold hold(core().shard(), envelope.ticket);
    const Jid to = envelope.stanza->to();
    switch (envelope.stanza->kind()) {
        case StanzaKind::presence: return core().router().send_presence(*this, std::move(envelope));
        case StanzaKind::iq:
            if (to.empty()) envelope.edit().set_to(jid_.to_bare());  // RFC 6120, 10.3.3
            if (core().bus().fire(events::IqSending{account_, *this, envelope}) == Flow::next)
                core().router().route(std::move(envelope));
            return;
        case StanzaKind::message:
            if (to.empty()) envelope.edit().set_to(jid_.to_bare());  // RFC 6120, 10.3.1
            events::MessageSending event{account_, *this, envelope};
            if (core().bus().fire(event) == Flow::next) core().router().route(std::move(envelope));
            return;
    }
}

bool Session::window_has_room() const {
    const auto& options = core().options<C2sOptions>(account_.host());
    return window_.width() < static_cast<std::uint32_t>(options.max_ack_window) &&
           window_.open_bytes() < static_cast<std::size_t>(options.max_ack_window_bytes) &&
           slow_requests_ < static_cast<std::uint32_t>(options.max_pending_requests);
}

void Session::end_slow_request() {
    --slow_requests_;
    go_on_reading();
}

bool Session::may_read() {
    const bool room = window_has_room();
    reading_paused_ = !room || !core().writer_room().has_room();
    // The window says when it narrows; the writer's backlog, which is everybody's, must be asked.
    if (room && reading_paused_ && !std::exchange(waits_for_writer_, true))
        core().writer_room().when_room([weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self) return;
            self->waits_for_writer_ = false;
            self->go_on_reading();
        });
    return !reading_paused_;
}

void Session::go_on_reading() {
    if (reading_paused_ && port_ && may_read()) port_->resume_reading();
}

/// All that the inbound stanza `number` caused is done.
void Session::close_entry(std::uint32_t number) {
    if (window_.close(number)) on_window_moved();
}

/// `h` has grown.
void Session::on_window_moved() {
    changed_.notify();
    if (!sm_) return;
    if (!sm_->counting) sm_->counting = window_.is_handled(sm_->window_base);
    record_stale_ = state_ == SessionState::hibernating;
    if (sm_->ack_owed || sm_->ack_follows || record_stale_) core().shard().at_turn_end(*this);
}

void Session::settle(std::uint32_t number, const StanzaError* error, const Origin& origin) {
    if (error && state_ != SessionState::ended && origin.type != StanzaType::error &&
        origin.type != StanzaType::result) {
        core().refusals().on_failed(origin, *error);
        auto answer = Stanza::make(origin.kind, StanzaType::error, origin.to, jid_, origin.id);
        add_error(answer->root(), *error);
        send(std::move(answer));
    }
    close_entry(number);
    if (settling_ && window_.width() == 0) return account_.settled(*this);
    go_on_reading();
}

// ---- Outbound ----------------------------------------------------------------------------------

void Session::send(StanzaPtr stanza) {
    Envelope envelope;
    envelope.stanza = std::move(stanza);
    envelope.meta.received = core().clock().wall();
    send(std::move(envelope));
}

void Session::send(Envelope envelope) {
    if (state_ != SessionState::ended)
        core().deliveries().push(shared_from_this(), std::move(envelope));
}

void Session::deliver(Envelope envelope) {
    if (state_ == SessionState::ended) return redeliver(std::move(envelope));
    if ((send_holds_ > 0 && is_live()) || (state_ == SessionState::resuming && resumption_marked_))
        return wait(std::move(envelope));
    events::SessionSending event{*this, envelope};
    if (core().bus().fire(event) == Flow::next) send_now(std::move(envelope));
}

/// Its turn comes when the offline messages are sent, or when it is awake.
void Session::wait(Envelope envelope) {
    waiting_.push_back(std::move(envelope));
    const auto limit = core().options<SmacksOptions>(account_.host()).max_queue_size;
    if (waiting_.size() <= static_cast<std::size_t>(limit)) return;
    logger.warning("too-much-waits", {{"session", jid_.full()}, {"stanzas", waiting_.size()}});
    if (state_ == SessionState::resuming) return end(SessionEnd::expired);
    fail_stream(StreamErrorCondition::policy_violation, "too much waits for this client");
}

void Session::send_waiting() {
    auto waiting = std::exchange(waiting_, {});
    for (auto& envelope : waiting) {
        if (state_ == SessionState::ended)  // one of them was one too many
            redeliver(std::move(envelope));
        else if (core().router().may_hand_over(account_, *envelope.stanza))
            deliver(std::move(envelope));
        else if (envelope.meta.spooled)
            account_.remove_offline(envelope.meta.offline_seq);
    }
}

void Session::release_sending() {
    if (--send_holds_ == 0 && is_live()) send_waiting();
}

void Session::send_now(Envelope envelope) {
    if (state_ == SessionState::hibernating || state_ == SessionState::resuming)
        return queue_hibernating(std::move(envelope));
    if (!port_) return;
    if (!sm_) return port_->write(*envelope.stanza);
    // Before the port asks for its own turn end: <r/> rides along.
    core().shard().at_turn_end(*this);
    port_->write(*envelope.stanza);
    sm_->queue.push(UnackedStanza(std::move(envelope)));
    const auto limit = core().options<SmacksOptions>(account_.host()).max_queue_size;
    if (sm_->queue.size() <= static_cast<std::uint32_t>(limit)) return;
    logger.warning("queue-full", {{"session", jid_.full()}, {"stanzas", sm_->queue.size()}});
    fail_stream(StreamErrorCondition::policy_violation, "too many unacknowledged stanzas");
}

SeenMessages& Session::seen() {
    if (!seen_) seen_ = std::make_unique<SeenMessages>();
    return *seen_;
}

void Session::note_read(storage::ArchiveId id, std::uint64_t ordinal) {
    seen().read.add(static_cast<std::uint64_t>(id), ordinal);
}

bool Session::has_read(storage::ArchiveId id) const {
    return seen_ && seen_->read.has(static_cast<std::uint64_t>(id));
}

void Session::note_delivered(std::uint64_t offline_seq) {
    if (offline_seq != 0) seen().delivered.add(offline_seq, offline_seq);
}

bool Session::was_delivered(std::uint64_t offline_seq) const {
    return seen_ && seen_->delivered.has(offline_seq);
}

bool Session::took(std::uint64_t offline_seq) const {
    if (takes_messages() && offline_seq > taking_since_) return true;
    return seen_ && seen_->taken.has(offline_seq);
}

/// It takes no more: remembers what it took.
void Session::note_taken() {
    const std::uint64_t last = account_.last_offline_seq();
    if (last > taking_since_) seen().taken.add({taking_since_ + 1, last, taking_since_ + 1, last});
}

std::string Session::seen_text() const {
    return std::to_string(account_.last_offline_seq()) + ';' + std::to_string(taking_since_) + ';' +
           to_text(seen_ ? *seen_ : SeenMessages{});
}

void Session::restore_seen(std::string_view text) {
    const auto numbers = split(text, ';');
    if (numbers.size() < 2) return;
    const auto last = parse_int(numbers[0]);
    const auto since = parse_int(numbers[1]);
    auto seen = parse_seen_messages(text.substr(numbers[0].size() + numbers[1].size() + 2));
    if (!last || !since || !seen) return;
    account_.skip_offline_seqs(static_cast<std::uint64_t>(*last));
    taking_since_ = static_cast<std::uint64_t>(*since);
    if (!seen->empty()) seen_ = std::make_unique<SeenMessages>(std::move(*seen));
}

// ---- Presence ----------------------------------------------------------------------------------

void Session::set_presence(StanzaPtr presence) {
    const bool was = available();
    const bool took = takes_messages();
    restore_presence(std::move(presence));
    if (took && !takes_messages()) note_taken();
    if (!took && takes_messages()) taking_since_ = account_.last_offline_seq();
    if (was != available() && state_ == SessionState::live) write_online_record();
}

void Session::restore_presence(StanzaPtr presence) {
    presence_ = std::move(presence);
    priority_ = presence_ ? presence_priority(*presence_).value_or(0) : std::int8_t{0};
}

// ---- Stream management -------------------------------------------------------------------------

StreamManagement& Session::enable_sm(bool resumable, std::uint32_t max_seconds) {
    sm_ = std::make_unique<StreamManagement>();
    // 88 bits: short enough to live in the string itself, and it takes a login besides to use it.
    if (resumable) sm_->id = random_token(11);
    sm_->max_seconds = max_seconds;
    sm_->window_base = window_.received();
    sm_->counting = window_.width() == 0;
    write_online_record();
    return *sm_;
}

std::uint32_t Session::handled_in() const {
    return sm_ && sm_->counting ? window_.handled() - sm_->window_base : 0;
}

void Session::write_online_record() {
    storage::OnlineRecord mark;
    mark.session = number_;
    mark.resource = std::string(resource());
    if (sm_) mark.sm_id = sm_->id;
    mark.handled_in = handled_in();
    mark.available = available();
    mark.device = device_;
    for (const Jid& jid : directed_presence_) mark.directed_presence.push_back(jid.full());
    core().storage().sessions().put_online(core().shard().batch(), account_.id(), mark);
    marked_ = true;
}

}  // namespace clarion::core
