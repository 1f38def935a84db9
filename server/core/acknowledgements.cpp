// Acknowledgements of a session (XEP-0198, section 4): what the client acknowledges and is asked
// to, and what it asks.
#include <algorithm>

#include "base/log.h"
#include "server/core/core.h"
#include "server/core/options.h"
#include "server/core/session.h"
#include "server/events/session_events.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"session"};
/// How soon a client that asks again is told the same count again.
constexpr Duration repeat_interval = std::chrono::milliseconds(100);
/// Pauses between requests for what a client leaves unacknowledged grow up to this.
constexpr Duration longest_pause = std::chrono::hours(1);
constexpr std::uint8_t most_repeated = 16;

}  // namespace

// ---- What the client acknowledges --------------------------------------------------------------

Result<> Session::on_ack(std::uint32_t handled) {
    Shard& shard = core().shard();
    auto& sessions = core().storage().sessions();
    std::uint32_t seq = sm_->queue.acked();
    const auto acked = sm_->queue.ack(handled, [&](UnackedStanza&& sent) {
        ++seq;
        if (sent.meta.spooled) account_.remove_offline(sent.meta.offline_seq);
        if (stored_queue_ > 0) {
            sessions.remove_queued(shard.batch(), account_.id(), number_, seq);
            if (--stored_queue_ == 0) remove_record();
        }
    });
    if (!acked) return acked.error();
    sm_->delay_told = sm_->queue.acked();
    shard.cancel(std::exchange(sm_->delay_timer, TimerId::none));
    if (*acked > 0) sm_->requests_repeated = 0;
    if (!sm_->queue.empty())
        shard.at_turn_end(*this);
    else
        shard.cancel(std::exchange(sm_->timeout_timer, TimerId::none));
    return {};
}

// ---- What the client asks ----------------------------------------------------------------------

void Session::on_ack_request() {
    sm_->ack_owed = true;
    sm_->ack_wanted = window_.received();
    core().shard().at_turn_end(*this);
}

void Session::answer_ack_request() {
    Shard& shard = core().shard();
    if (window_.is_handled(sm_->ack_wanted) || window_.width() == 0) {
        if (repeats_itself()) return answer_again_later();
        shard.cancel(std::exchange(sm_->answer_timer, TimerId::none));
        sm_->ack_owed = sm_->ack_follows = false;
        return write_ack();
    }
    if (!sm_->ack_owed || sm_->answer_timer != TimerId::none) return;
    const auto limit = core().options<SmacksOptions>(account_.host()).ack_answer_limit;
    sm_->answer_timer = shard.after(limit, [self = weak_from_this()] {
        if (auto session = self.lock()) session->answer_late();
    });
}

/// The client was told just that a moment ago: one that asks whenever it hears from us must not
/// keep both sides busy.
bool Session::repeats_itself() const {
    return sm_->answered_at != SteadyTime{} && sm_->answered_h == handled_in() &&
           core().clock().steady() - sm_->answered_at < repeat_interval;
}

void Session::answer_again_later() {
    if (sm_->answer_timer != TimerId::none) return;
    sm_->answer_timer = core().shard().after(repeat_interval, [self = weak_from_this()] {
        const auto session = self.lock();
        if (!session) return;
        session->sm_->answer_timer = TimerId::none;
        session->core().shard().at_turn_end(*session);
    });
}

/// An answer, if not yet the whole one.
void Session::answer_late() {
    sm_->answer_timer = TimerId::none;
    sm_->ack_owed = false;
    sm_->ack_follows = true;
    write_ack();
}

void Session::write_ack() {
    if (!port_ || !sm_) return;
    sm_->answered_h = handled_in();
    sm_->answered_at = core().clock().steady();
    port_->write_xml("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(sm_->answered_h) + "'/>");
}

Task<> Session::handle_received() {
    const auto self = shared_from_this();
    Core& core = core_;
    const std::uint32_t received = window_.received();
    const SteadyTime until =
        core.clock().steady() + core.options<SmacksOptions>(jid_.domain()).ack_answer_limit;
    const auto left = [&] { return until - core.clock().steady(); };
    while (window_.width() > 0 && !window_.is_handled(received) && left() > Duration::zero())
        co_await changed_.wait(core.shard(), std::chrono::ceil<Duration>(left()));
}

// ---- What the client is asked ------------------------------------------------------------------

void Session::end_turn() {
    if (std::exchange(record_stale_, false)) return save_hibernating();
    if (state_ != SessionState::live || !port_ || !sm_) return;
    if (sm_->ack_owed || sm_->ack_follows) answer_ack_request();
    if (sm_->queue.want_request())
        request_ack();
    else if (sm_->queue.lags())
        request_ack_later();
    watch_silence();
}

void Session::request_ack() {
    core().shard().cancel(std::exchange(sm_->request_timer, TimerId::none));
    port_->write_xml("<r xmlns='urn:xmpp:sm:3'/>");
    sm_->queue.note_request();
    sm_->heard_at = core().clock().steady();  // it has answered the request before
    const auto limit = core().options<SmacksOptions>(account_.host()).ack_timeout;
    if (limit > Duration::zero() && sm_->timeout_timer == TimerId::none) watch_answers(limit);
}

void Session::watch_answers(Duration from_now) {
    sm_->timeout_timer = core().shard().after(from_now, [self = weak_from_this()] {
        if (auto session = self.lock()) session->on_ack_timeout();
    });
}

/// A request was left unanswered and nothing else was heard since. The connection may be dead, or
/// the client hibernating with it: either way it comes back by itself.
void Session::on_ack_timeout() {
    sm_->timeout_timer = TimerId::none;
    const auto limit = core().options<SmacksOptions>(account_.host()).ack_timeout;
    if (state_ != SessionState::live || limit == Duration::zero()) return;
    if (!sm_->queue.request_outstanding()) return;  // watched again with the next one
    const auto silent =
        std::chrono::duration_cast<Duration>(core().clock().steady() - sm_->heard_at);
    if (silent < limit) return watch_answers(limit - silent);
    logger.info("ack-timeout", {{"session", jid_.full()}, {"unacknowledged", sm_->queue.size()}});
    SessionPort* const port = port_;
    on_detached();
    if (port) port->close(StreamErrorCondition::connection_timeout, "nothing was acknowledged");
}

/// The client answered with less than it was sent. It may need time, or count differently for ever:
/// each pause is twice as long as the one before, until its count grows.
void Session::request_ack_later() {
    if (sm_->request_timer != TimerId::none) return;
    const Duration first = core().options<SmacksOptions>(account_.host()).ack_request_delay;
    const Duration pause = std::min<Duration>(first * (1 << sm_->requests_repeated), longest_pause);
    sm_->request_timer = core().shard().after(pause, [self = weak_from_this()] {
        const auto session = self.lock();
        if (!session) return;
        session->sm_->request_timer = TimerId::none;
        if (!session->port_ || !session->sm_->queue.lags()) return;
        if (session->sm_->requests_repeated < most_repeated) ++session->sm_->requests_repeated;
        session->request_ack();
    });
}

/// What comes during a long silence has its own delay, although nobody asks again.
void Session::watch_silence() {
    const bool told = sm_->queue.empty() || sm_->queue.sent() == sm_->delay_told;
    if (told || sm_->delay_timer != TimerId::none) return;
    const auto limit = core().options<SmacksOptions>(account_.host()).max_ack_delay;
    sm_->delay_timer = core().shard().after(limit, [self = weak_from_this()] {
        if (auto session = self.lock()) session->on_ack_delay();
    });
}

void Session::on_ack_delay() {
    sm_->delay_timer = TimerId::none;
    if (state_ != SessionState::live) return;
    sm_->delay_told = sm_->queue.sent();
    logger.debug("ack-delayed", {{"session", jid_.full()}, {"unacknowledged", sm_->queue.size()}});
    core().bus().fire(events::AckDelayed{*this});
}

}  // namespace clarion::core
