#include "server/core/session.h"

#include "proto/ns.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/core/core.h"
#include "server/core/options.h"
#include "server/core/presence.h"
#include "server/events/message.h"
#include "server/events/session.h"
#include "server/events/stream.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"session"};

bool is_stanza(const xml::Element& element) {
    return element.ns() == ns::client &&
           (element.name() == "message" || element.name() == "presence" || element.name() == "iq");
}

StanzaError as_stanza_error(const Error& error) {
    const auto condition = parse_stanza_error_condition(error.code);
    return {condition.value_or(StanzaErrorCondition::bad_request), error.text};
}

}  // namespace

Session::Session(Account& account, std::uint64_t number, Jid jid, std::string device,
                 SessionPort* port)
    : account_(account),
      number_(number),
      jid_(std::move(jid)),
      device_(std::move(device)),
      port_(port) {}

Session::~Session() {
    Shard& shard = core().shard();
    shard.forget(*this);
    if (sm_) {
        shard.cancel(sm_->answer_timer);
        shard.cancel(sm_->delay_timer);
    }
}

// ---- Inbound
// ---------------------------------------------------------------------------------------

void Session::on_element(xml::Document&& element) {
    account_.touch();
    if (is_stanza(element.root())) return on_inbound(std::move(element));
    events::SessionElement event{*this, element.root()};
    core().bus().fire(event);
    if (!event.handled && port_)
        fail_stream(StreamErrorCondition::unsupported_stanza_type, "unknown element");
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
        refuse(element.root(), parsed.error());
        window_.close(number);
        return;
    }
    auto stanza = std::move(*parsed);
    if (!stanza->from().empty() && stanza->from() != jid_ && stanza->from().full() != jid_.bare())
        return fail_stream(StreamErrorCondition::invalid_from, "'from' is not this client's");
    stanza->set_from(jid_);
    Transit transit;
    transit.ticket = Ticket(core().shard(), weak_from_this(), number, *stanza);
    transit.received = core().clock().wall();
    transit.stanza = std::move(stanza);
    dispatch(std::move(transit));
    reading_paused_ = !may_read();
}

/// Something that calls itself a stanza but is not one.
void Session::refuse(const xml::Element& element, const Error& error) {
    if (element.attr("type") == "error" || element.attr("type") == "result") return;
    xml::Document answer(element.name(), ns::client);
    xml::Element& root = answer.root();
    root.set_attr("type", "error").set_attr("to", jid_.full());
    if (element.has_attr("id")) root.set_attr("id", element.attr("id"));
    if (auto from = Jid::parse(element.attr("to"))) root.set_attr("from", from->full());
    add_error(root, as_stanza_error(error));
    if (auto stanza = Stanza::from_document(std::move(answer))) send(std::move(*stanza));
}

void Session::dispatch(Transit transit) {
    const Jid to = transit.stanza->to();
    switch (transit.stanza->kind()) {
        case StanzaKind::presence: return core().router().send_presence(*this, std::move(transit));
        case StanzaKind::iq:
            if (to.empty()) transit.edit().set_to(jid_.to_bare());  // RFC 6120, 10.3.3
            return core().router().route(std::move(transit));
        case StanzaKind::message:
            if (to.empty()) transit.edit().set_to(jid_.to_bare());  // RFC 6120, 10.3.1
            events::MessageSending event{account_, *this, transit};
            if (core().bus().fire(event) == Flow::next) core().router().route(std::move(transit));
            return;
    }
}

bool Session::may_read() const {
    const auto& options = core().options<C2sOptions>(account_.host());
    return window_.width() < static_cast<std::uint32_t>(options.max_ack_window) &&
           window_.open_bytes() < static_cast<std::size_t>(options.max_ack_window_bytes) &&
           core().storage().backlog_bytes() <
               static_cast<std::size_t>(core().options<StorageOptions>().backlog_limit);
}

void Session::settle(std::uint32_t number, const StanzaError* error, const Origin& origin) {
    if (error && state_ != SessionState::ended && origin.type != StanzaType::error &&
        origin.type != StanzaType::result) {
        auto answer = Stanza::make(origin.kind, StanzaType::error, origin.to, jid_, origin.id);
        add_error(answer->root(), *error);
        send(std::move(answer));
    }
    const bool moved = window_.close(number);
    if (moved && sm_ && sm_->ack_owed) core().shard().at_turn_end(*this);
    if (reading_paused_ && port_ && may_read()) {
        reading_paused_ = false;
        port_->resume_reading();
    }
}

// ---- Outbound
// --------------------------------------------------------------------------------------

void Session::send(StanzaPtr stanza) {
    Transit transit;
    transit.stanza = std::move(stanza);
    transit.received = core().clock().wall();
    send(std::move(transit));
}

void Session::send(Transit transit) {
    if (state_ == SessionState::ended) return;
    if (flushing_ || state_ == SessionState::waking) {
        waiting_.push_back(std::move(transit));
        return;
    }
    events::SessionSending event{*this, transit};
    if (core().bus().fire(event) == Flow::next) send_now(std::move(transit));
}

void Session::end_flushing() {
    flushing_ = false;
    auto waiting = std::exchange(waiting_, {});
    for (auto& transit : waiting) send(std::move(transit));
}

void Session::send_now(Transit transit) {
    if (state_ == SessionState::asleep) return queue_asleep(std::move(transit));
    if (!port_) return;
    if (!sm_) return port_->write(*transit.stanza);
    const auto limit = core().options<SmacksOptions>(account_.host()).max_queue_size;
    if (sm_->queue.size() >= static_cast<std::uint32_t>(limit)) {
        logger.warning("queue-full", {{"session", jid_.full()}, {"stanzas", sm_->queue.size()}});
        return fail_stream(StreamErrorCondition::policy_violation,
                           "too many unacknowledged stanzas");
    }
    core().shard().at_turn_end(
        *this);  // before the port asks for its own turn end: <r/> rides along
    port_->write(*transit.stanza);
    sm_->queue.push({std::move(transit.stanza), transit.log_id, transit.archive_id, transit.spooled,
                     transit.received, transit.is_copy});
}

// ---- Presence
// --------------------------------------------------------------------------------------

void Session::set_presence(StanzaPtr presence) {
    const bool was = available();
    restore_presence(std::move(presence));
    if (was != available() && state_ == SessionState::live) write_live_mark();
}

void Session::restore_presence(StanzaPtr presence) {
    presence_ = std::move(presence);
    priority_ = presence_ ? presence_priority(*presence_).value_or(0) : std::int8_t{0};
}

// ---- Stream management
// -----------------------------------------------------------------------------

StreamManagement& Session::enable_sm(bool resumable, std::uint32_t max_seconds) {
    sm_ = std::make_unique<StreamManagement>();
    if (resumable) sm_->id = random_token(18);
    sm_->max_seconds = max_seconds;
    sm_->window_base = window_.received();
    sm_->ack_told = 0;
    write_live_mark();
    return *sm_;
}

std::uint32_t Session::handled_in() const {
    if (!sm_) return 0;
    const std::uint32_t handled = window_.handled() - sm_->window_base;
    return static_cast<std::int32_t>(handled) < 0
               ? 0
               : handled;  // stanzas before <enable/> are still open
}

Result<> Session::on_ack(std::uint32_t handled) {
    Shard& shard = core().shard();
    auto& offline = core().storage().offline();
    auto& sessions = core().storage().sessions();
    std::uint32_t seq = sm_->queue.acked();
    const auto acked = sm_->queue.ack(handled, [&](Sent&& sent) {
        ++seq;
        if (sent.spooled != 0) {
            offline.remove(shard.batch(), account_.id(), sent.spooled);
            account_.add_offline(-1);
        }
        if (stored_queue_ > 0) {
            sessions.remove_queued(shard.batch(), account_.id(), number_, seq);
            if (--stored_queue_ == 0) remove_record();
        }
    });
    if (!acked) return acked.error();
    sm_->ack_delay_fired = false;
    shard.cancel(sm_->delay_timer);
    if (!sm_->queue.empty()) shard.at_turn_end(*this);
    return {};
}

void Session::on_ack_request() {
    sm_->ack_owed = true;
    sm_->ack_wanted = window_.received();
    core().shard().at_turn_end(*this);
}

void Session::answer_ack_request() {
    Shard& shard = core().shard();
    const bool complete = window_.is_handled(sm_->ack_wanted) || window_.width() == 0;
    if (!complete && sm_->answer_timer == TimerId::none) {
        const auto limit = core().options<SmacksOptions>(account_.host()).ack_answer_limit;
        sm_->answer_timer = shard.after(limit, [self = weak_from_this()] {
            if (auto session = self.lock())
                session->write_ack();  // an answer, if not yet the whole one
        });
    }
    if (!complete) return;
    shard.cancel(std::exchange(sm_->answer_timer, TimerId::none));
    sm_->ack_owed = false;
    write_ack();
}

void Session::write_ack() {
    if (!port_ || !sm_) return;
    sm_->ack_told = handled_in();
    port_->write_xml("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sm_->ack_told) + "'/>");
}

void Session::end_turn() {
    if (state_ != SessionState::live || !port_ || !sm_) return;
    if (sm_->ack_owed) answer_ack_request();
    if (!sm_->queue.want_request()) return;
    port_->write_xml("<r xmlns='urn:xmpp:sm:3'/>");
    sm_->queue.note_request();
    const auto limit = core().options<SmacksOptions>(account_.host()).max_ack_delay;
    sm_->delay_timer = core().shard().after(limit, [self = weak_from_this()] {
        if (auto session = self.lock()) session->on_ack_delay();
    });
}

void Session::on_ack_delay() {
    if (state_ != SessionState::live || std::exchange(sm_->ack_delay_fired, true)) return;
    logger.debug("ack-delayed", {{"session", jid_.full()}, {"unacknowledged", sm_->queue.size()}});
    core().bus().fire(events::AckDelayed{*this});
}

void Session::write_live_mark() {
    storage::LiveMark mark;
    mark.session = number_;
    mark.resource = std::string(resource());
    if (sm_) mark.sm_id = sm_->id;
    mark.handled_in = handled_in();
    mark.available = available();
    for (const Jid& jid : directed_presence_) mark.directed_presence.push_back(jid.full());
    core().storage().sessions().put_live(core().shard().batch(), account_.id(), mark);
    marked_ = true;
}

}  // namespace clarion::core
