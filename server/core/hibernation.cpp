#include "server/core/hibernation.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "proto/delay.h"
#include "proto/xml_writer.h"
#include "server/core/core.h"
#include "server/core/message_rules.h"
#include "server/core/options.h"
#include "server/core/session.h"
#include "server/events/session_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"sleep"};
constexpr auto remember_gone = std::chrono::hours(24);

/// For a trace.
std::string_view note_of(SessionEnd why) {
    switch (why) {
        case SessionEnd::closed: return "the session ends: closed";
        case SessionEnd::lost: return "the session ends: the connection is gone";
        case SessionEnd::replaced: return "the session ends: another connection took the resource";
        case SessionEnd::kicked: return "the session ends: by the administrator";
        case SessionEnd::expired:
            return "the session ends: it hibernated too long, or held too much";
        case SessionEnd::shutdown: return "the session ends: the server stops";
        case SessionEnd::password_changed: return "the session ends: the password was changed";
        case SessionEnd::disabled: return "the session ends: the account was disabled";
        case SessionEnd::deleted: return "the session ends: the account was deleted";
    }
    return "";
}

}  // namespace

// ---- Losing the connection ---------------------------------------------------------------------

void Session::detach_port() {
    port_ = nullptr;
    if (!sm_) return;
    Shard& shard = core().shard();
    shard.cancel(std::exchange(sm_->answer_timer, TimerId::none));
    shard.cancel(std::exchange(sm_->delay_timer, TimerId::none));
    shard.cancel(std::exchange(sm_->request_timer, TimerId::none));
    shard.cancel(std::exchange(sm_->timeout_timer, TimerId::none));
    sm_->ack_owed = sm_->ack_follows = false;
    sm_->answered_at = {};
    sm_->requests_repeated = 0;
    sm_->delay_told = sm_->queue.acked();
    sm_->queue.forget_request();
}

void Session::on_stream_closed() {
    if (state_ == SessionState::ended) return;
    detach_port();
    end(SessionEnd::closed);
}

void Session::on_detached() {
    if (state_ != SessionState::live) return;
    detach_port();
    if (may_hibernate())
        hibernate();
    else
        end(SessionEnd::lost);
}

void Session::shut_down() {
    if (saves_soon_) save_hibernating();
    if (state_ != SessionState::live) return;
    if (!may_hibernate()) return end(SessionEnd::shutdown);
    write_ack();
    SessionPort* const port = port_;
    detach_port();
    hibernate();
    if (port) port->abandon();
}

void Session::hibernate() {
    set_state(SessionState::hibernating);
    hibernating_since_ = core().clock().lasting();
    Duration limit = core().options<SmacksOptions>(account_.host()).hibernation_time;
    events::HibernationLimit longer{account_, *this, limit};
    core().bus().fire(longer);
    if (sm_->max_seconds > 0)
        limit = std::min<Duration>(limit, std::chrono::seconds(sm_->max_seconds));
    expires_at_ = hibernating_since_ + limit;

    for (Envelope& held : take_held()) sm_->queue.push(UnackedStanza(std::move(held)));
    // Queue entries that storage has already (woken and not acknowledged) stay; the others are
    // written.
    const auto unacked = std::make_shared<std::vector<UnackedStanza>>();
    sm_->queue.for_each([&](const UnackedStanza& sent) { unacked->push_back(sent); });
    // What came by a page of the archive goes nowhere else: offline storage keeps it.
    for (UnackedStanza& sent : *unacked)
        if (sent.meta.is_copy) sent.meta.spooled = false;
    const std::uint32_t acked = sm_->queue.acked();
    sm_->queue.restore(acked, {});
    queued_hibernating_ = static_cast<std::uint32_t>(unacked->size());
    unstored_ = {unacked, std::exchange(stored_queue_, 0)};
    store_queue();
    for (const UnackedStanza& sent : *unacked)
        if (sent.meta.spooled) account_.remove_offline(sent.meta.offline_seq);
    remove_online_record();
    core().accounts().note_hibernating(account_.jid().bare());
    logger.debug("slept", {{"session", jid_.full()}, {"queued", queued_hibernating_}});
    if (Trace* trace = core().trace())
        trace->on_note(traced(), "the connection is gone; the session hibernates");
    core().bus().fire(events::SessionHibernated{*this, *unacked});
    send_waiting();  // joins the hibernating queue
    limit_hibernating();
}

/// What was kept from the client while it was inactive, and is not sent any more.
std::vector<Envelope> Session::take_held() {
    std::vector<Envelope> held;
    core().bus().fire(events::SessionDetaching{*this, held});
    for (Envelope& envelope : held) envelope.meta.held_back = true;
    return held;
}

/// [smacks] max_sessions: the one that hibernated first goes.
void Session::limit_hibernating() {
    const auto limit =
        static_cast<std::size_t>(core().options<SmacksOptions>(account_.host()).max_sessions);
    std::vector<std::shared_ptr<Session>> hibernating;
    for (const auto& session : account_.sessions())
        if (session->is_hibernating()) hibernating.push_back(session);
    if (hibernating.size() <= limit) return;
    const auto first =
        std::min_element(hibernating.begin(), hibernating.end(), [](const auto& a, const auto& b) {
            return a->hibernating_since() < b->hibernating_since();
        });
    logger.info("too-many-asleep", {{"session", (*first)->jid().full()}});
    (*first)->end(SessionEnd::expired);
}

void Session::write_record(storage::HibernationState state) {
    storage::HibernatingSession record;
    record.session = number_;
    record.sm_id = sm_->id;
    record.resource = std::string(resource());
    record.device = device_;
    record.state = state;
    record.max_seconds = sm_->max_seconds;
    record.handled_in = handled_in();
    record.acked_out = sm_->queue.acked();
    record.hibernating_since = hibernating_since_;
    record.expires_at = expires_at_;
    record.wake_at = wake_at_;
    if (presence_) record.presence = xml::to_string(presence_->root());
    for (const Jid& jid : directed_presence_) record.directed_presence.push_back(jid.full());
    core().bus().fire(events::SessionRecording{*this, record});
    auto& batch = core().shard().batch();
    core().storage().sessions().put(batch, account_.id(), record);
    if (state != storage::HibernationState::resumed) put_deadline();
}

/// Brings the time index in line with the record.
void Session::put_deadline() {
    auto& batch = core().shard().batch();
    auto& deadlines = core().storage().deadlines();
    const auto move = [&](LastingTime& stored, LastingTime at, storage::DeadlineKind kind) {
        if (stored != LastingTime{} && stored != at)
            deadlines.remove(batch, {stored, account_.id(), kind, number_});
        if (at != LastingTime{}) deadlines.put(batch, {at, account_.id(), kind, number_});
        if (at != LastingTime{}) core().next_deadline().note(at);
        stored = at;
    };
    move(stored_expires_at_, expires_at_, storage::DeadlineKind::hibernation_expires);
    move(stored_wake_at_, wake_at_, storage::DeadlineKind::wake);
}

void Session::remove_record() {
    auto& batch = core().shard().batch();
    core().storage().sessions().remove(batch, account_.id(), number_);
}

void Session::remove_deadline() {
    auto& batch = core().shard().batch();
    auto& deadlines = core().storage().deadlines();
    const auto id = account_.id();
    const LastingTime expires_at = std::exchange(stored_expires_at_, LastingTime{});
    const LastingTime wake_at = std::exchange(stored_wake_at_, LastingTime{});
    if (expires_at != LastingTime{})
        deadlines.remove(batch,
                         {expires_at, id, storage::DeadlineKind::hibernation_expires, number_});
    if (wake_at != LastingTime{})
        deadlines.remove(batch, {wake_at, id, storage::DeadlineKind::wake, number_});
    wake_at_ = {};
}

void Session::on_wake_time() {
    const auto self = shared_from_this();
    wake_at_ = {};
    core().bus().fire(events::SessionExpiring{*this});
    save_hibernating();
}

void Session::set_expiry(LastingTime at, LastingTime wake_at) {
    if (state_ != SessionState::hibernating) return;
    if (sm_->max_seconds > 0)
        at = std::min<LastingTime>(at, hibernating_since_ + std::chrono::seconds(sm_->max_seconds));
    if (at == expires_at_ && wake_at == wake_at_) return;
    expires_at_ = at;
    wake_at_ = wake_at;
    save_hibernating_soon();
}

void Session::save_hibernating() {
    saves_soon_ = false;
    if (state_ == SessionState::hibernating) write_record(storage::HibernationState::hibernating);
}

void Session::save_hibernating_soon() {
    if (state_ != SessionState::hibernating || std::exchange(saves_soon_, true)) return;
    core().shard().write_soon([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->saves_soon_) self->save_hibernating();
    });
}

// ---- Waking ------------------------------------------------------------------------------------

Task<Result<Session::Resumed>> Session::resume(SessionPort& port, std::uint32_t client_handled) {
    // A client whose connection broke again tries again, while the server still wakes the session
    // for a connection that nobody reads. The newest wins.
    const auto self = shared_from_this();
    co_await handle_received();
    while (state_ == SessionState::resuming) co_await changed_.wait(core().shard());
    if (state_ == SessionState::live) {  // it still looked alive: the newer connection wins
        SessionPort* const old = port_;
        detach_port();
        if (old) old->close(StreamErrorCondition::conflict, "resumed by another connection");
        if (auto acked = on_ack(client_handled); !acked) {
            hibernate();
            co_return acked.error();
        }
        co_return take_over(port);
    }
    if (state_ != SessionState::hibernating) co_return fail("item-not-found", "it ended meanwhile");
    co_return co_await wake(port, client_handled);
}

Task<Result<Session::Resumed>> Session::wake(SessionPort& port, std::uint32_t client_handled) {
    const auto self = shared_from_this();
    const AccountPin pin(account_);
    struct Attempt {  // however it fails, cancelled too
        Session& session;
        ~Attempt() {
            if (session.state_ == SessionState::resuming) session.stay_hibernating();
        }
    } const attempt{*this};
    set_state(SessionState::resuming);
    auto restored = co_await read_queue();
    if (state_ != SessionState::resuming) co_return fail("item-not-found", "it ended meanwhile");
    if (!restored) co_return restored.error();
    const std::uint32_t acked = sm_->queue.acked();
    const auto count = static_cast<std::uint32_t>(restored->size());
    if (client_handled - acked > count)
        co_return sm::handled_count_too_high(client_handled, acked + count);
    for (auto& [place, envelope] : std::exchange(arrived_, {}))
        (*restored)[place] = UnackedStanza(std::move(envelope));
    fill_gaps(*restored);
    sm_->queue.restore(acked, std::move(*restored));
    stored_queue_ = count;
    queued_hibernating_ = 0;
    remove_deadline();
    put_unstored();
    // Before <resumed/>: after a crash it must not be resumed twice. What arrives from here on is
    // no more part of the queue, and stored after this.
    write_record(storage::HibernationState::resumed);
    resumption_marked_ = true;
    write_online_record();
    const auto marked = co_await core().shard().committed();
    if (state_ != SessionState::resuming) co_return fail("item-not-found", "it ended meanwhile");
    if (!marked) co_return marked.error();
    resumption_marked_ = false;
    unstored_ = {};
    if (count == 0) remove_record();
    if (auto done = on_ack(client_handled); !done) co_return done.error();
    co_return take_over(port);
}

/// Waking failed: what arrived meanwhile joins the hibernating queue.
void Session::stay_hibernating() {
    set_state(SessionState::hibernating);
    if (stored_queue_ > 0) {
        queued_hibernating_ = std::exchange(stored_queue_, 0);
        sm_->queue.restore(sm_->queue.acked(), {});
    }
    if (unstored_.stanzas)
        store_queue();
    else
        write_record(storage::HibernationState::hibernating);
    remove_online_record();
    resumption_marked_ = false;
    for (auto& [place, envelope] : std::exchange(arrived_, {})) tell_queued(envelope);
    send_waiting();
}

Session::Resumed Session::take_over(SessionPort& port) {
    port_ = &port;
    set_state(SessionState::live);
    reading_paused_ = false;
    core().shard().at_turn_end(*this);
    return {sm_->id, handled_in()};
}

void Session::send_unacknowledged() {
    sm_->queue.for_each([this](const UnackedStanza& sent) { write_sent(sent); });
    core().bus().fire(events::SessionResumed{*this});
    send_waiting();
}

/// Again, with the time it was first received (XEP-0198 section 5, XEP-0203). It has its number: in
/// the place of what the user wants no more goes a filler.
void Session::write_sent(const UnackedStanza& sent) {
    if (!core().router().may_hand_over(account_, *sent.stanza)) return port_->write(*make_filler());
    if (sent.stanza->is_iq()) return port_->write(*sent.stanza);
    const auto copy = sent.stanza->clone();
    state_delay(copy->root(), account_.host(), format_datetime(sent.meta.received));
    port_->write(*copy);
}

// ---- The end -----------------------------------------------------------------------------------

Farewell farewell(SessionEnd why) {
    using Condition = StreamErrorCondition;
    switch (why) {
        case SessionEnd::replaced:
            return {Condition::conflict, "the resource was taken by another connection"};
        case SessionEnd::kicked: return {Condition::not_authorized, "ended by the administrator"};
        case SessionEnd::shutdown: return {Condition::system_shutdown};
        case SessionEnd::password_changed:  // RFC 6120, 4.9.3.16: authenticate again
            return {Condition::reset, "the password was changed"};
        case SessionEnd::disabled: return {Condition::not_authorized, "the account was disabled"};
        case SessionEnd::deleted: return {Condition::not_authorized, "the account was deleted"};
        case SessionEnd::closed:
        case SessionEnd::lost:
        case SessionEnd::expired: break;
    }
    return {};
}

void Session::end(SessionEnd why) {
    const auto self = shared_from_this();
    if (begin_end(why)) core().scope().spawn("end-of-sleep", redeliver_stored(self));
}

Task<> Session::replace() {
    const auto self = shared_from_this();
    replaced_ = true;
    if (begin_end(SessionEnd::replaced)) co_await redeliver_stored(self);
}

/// True: its queue is in storage, and is to be redistributed from there.
bool Session::begin_end(SessionEnd why) {
    if (state_ == SessionState::ended) return false;
    const auto self = shared_from_this();
    const bool was_hibernating =
        state_ == SessionState::hibernating || state_ == SessionState::resuming;
    set_state(SessionState::ended);
    if (Trace* trace = core().trace()) trace->on_note(traced(), note_of(why));
    if (SessionPort* const port = port_) {
        detach_port();
        const Farewell said = farewell(why);
        port->close(said.error, said.text);
    }
    std::vector<Envelope> held = take_held();
    if (available() || !directed_presence_.empty()) core().router().send_unavailable(*this);
    core().bus().fire(events::SessionEnded{*this, why});
    if (sm_ && !sm_->id.empty()) account_.remember_ended({number_, sm_->id, handled_in(), self});
    account_.remove_session(*this);
    remove_online_record();
    if (was_hibernating && queued_hibernating_ > 0 && !account_.deleted()) {
        // Record and deadline stay until the queue is elsewhere: a crash in between finds them.
        put_deadline();
        return true;
    }
    if (was_hibernating) remove_deadline();
    if (sm_) redeliver_all(sm_->queue.take());
    for (Envelope& envelope : held) redeliver(std::move(envelope));
    send_waiting();
    if (was_hibernating || stored_queue_ > 0) remember_resumption();
    return false;
}

void Session::remove_online_record() {
    if (!std::exchange(marked_, false)) return;
    core().storage().sessions().remove_online(core().shard().batch(), account_.id(), number_);
}

/// The client may still come back and ask: for a day it is told how far its stanzas were handled.
void Session::remember_resumption() {
    if (account_.deleted()) return;
    auto& batch = core().shard().batch();
    core().storage().sessions().remove(batch, account_.id(), number_);
    remove_deadline();
    storage::HibernatingSession gone;
    gone.session = number_;
    gone.sm_id = sm_->id;
    gone.state = storage::HibernationState::gone;
    gone.handled_in = handled_in();
    gone.expires_at = core().clock().lasting() + remember_gone;
    core().storage().sessions().put(batch, account_.id(), gone);
    core().next_deadline().note(gone.expires_at);
    core().storage().deadlines().put(
        batch, {gone.expires_at, account_.id(), storage::DeadlineKind::forget_gone, number_});
}

/// `self` keeps the session, which its account has forgotten already.
Task<> Session::redeliver_stored([[maybe_unused]] std::shared_ptr<Session> self) {
    const AccountPin pin(account_);
    auto queue = co_await read_queue();
    if (!queue) {
        logger.error("queue-unreadable", {{"session", jid_.full()}, {"error", queue.error().text}});
        co_return;
    }
    redeliver_all(std::move(*queue));  // bounced, if the account was deleted meanwhile
    send_waiting();
    remember_resumption();
}

/// Unacknowledged and never to be: other sessions or offline (RFC 6121 8.5, XEP-0198 section 5).
void Session::redeliver_all(std::vector<UnackedStanza> unacked) {
    for (auto& sent : unacked)
        if (sent.stanza) redeliver(std::move(sent).to_envelope());
}

void Session::redeliver(Envelope envelope) {
    if (envelope.meta.held_back && !may_be_kept_offline(*envelope.stanza))
        return;  // nobody misses it
    if (envelope.stanza->is_request())
        core().router().bounce(std::move(envelope), {StanzaErrorCondition::recipient_unavailable});
    else if (envelope.stanza->is_message() && !envelope.meta.is_copy)
        core().router().redeliver(account_, this, std::move(envelope));
}

}  // namespace clarion::core
