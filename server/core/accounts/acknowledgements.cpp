#include "server/core/accounts/acknowledgements.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "proto/delay.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/events/session_events.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"session"};
/// How soon a client that asks again is told the same count again.
constexpr Duration repeat_interval = std::chrono::milliseconds(100);
/// Pauses between requests for what a client leaves unacknowledged grow up to this.
constexpr Duration longest_pause = std::chrono::hours(1);
constexpr std::uint8_t most_repeated = 16;

}  // namespace

StreamManagement::StreamManagement(Session& session, std::string id, std::uint32_t max_seconds)
    : session_(session),
      id_(std::move(id)),
      max_seconds_(max_seconds),
      window_base_(session.window().received()),
      counting_(session.window().is_empty()) {}

StreamManagement::~StreamManagement() {
    for (TimerId* timer : {&answer_timer_, &delay_timer_, &request_timer_, &timeout_timer_})
        cancel(*timer);
}

Context& StreamManagement::context() const { return session_.context(); }

const SmacksOptions& StreamManagement::options() const {
    return context().options<SmacksOptions>(session_.jid().domain());
}

/// Calls `then` unless the session has gone, or the timer was cancelled.
template <void (StreamManagement::*then)()>
TimerId StreamManagement::after(Duration delay) {
    return context().shard().after(delay, [weak = session_.weak_from_this()] {
        if (const auto session = weak.lock()) (session->sm()->*then)();
    });
}

void StreamManagement::cancel(TimerId& timer) {
    context().shard().cancel(std::exchange(timer, TimerId::none));
}

// ---- The connection goes, the queue goes and comes ---------------------------------------------

void StreamManagement::on_detached() {
    for (TimerId* timer : {&answer_timer_, &delay_timer_, &request_timer_, &timeout_timer_})
        cancel(*timer);
    ack_owed_ = ack_follows_ = false;
    answered_at_ = {};
    requests_repeated_ = 0;
    delay_told_ = queue_.acked();
    queue_.forget_request();
}

std::vector<UnackedStanza> StreamManagement::hand_over_queue() {
    const std::uint32_t acked = queue_.acked();
    auto queue = queue_.take();
    queue_.restore(acked, {});
    return queue;
}

void StreamManagement::note_queued(const Envelope& envelope) {
    bytes_ += static_cast<std::uint32_t>(envelope.stanza->cost());
}

std::vector<UnackedStanza> StreamManagement::take_queue() {
    bytes_ = 0;
    return queue_.take();
}

void StreamManagement::take_back_queue(std::vector<UnackedStanza> queue) {
    bytes_ = 0;
    for (const UnackedStanza& sent : queue) bytes_ += sent.cost();
    queue_.restore(queue_.acked(), std::move(queue));
}

void StreamManagement::restore(std::uint32_t acked) {
    queue_.restore(acked, {});
    window_base_ = 0;
    counting_ = true;
}

// ---- What is sent, and what the client acknowledges --------------------------------------------

void StreamManagement::send(Envelope envelope) {
    // Before the port asks for its own turn end: <r/> rides along.
    context().shard().at_turn_end(session_);
    session_.port()->write(*envelope.stanza);
    push(std::move(envelope));
    if (options().allow_queue(queue_.size(), bytes_) && !is_one_too_many()) return;
    if (context().refusals().admit(session_.jid().bare(), "queue-full"))
        logger.warning(
            "queue-full",
            {{"session", session_.jid().full()}, {"stanzas", queue_.size()}, {"bytes", bytes_}});
    session_.fail_stream(StreamErrorCondition::policy_violation, "too many unacknowledged stanzas");
}

/// All sessions of the account have too much together, and this one has a part in it.
bool StreamManagement::is_one_too_many() const {
    constexpr std::uint32_t small = 256 << 10;  // not worth a look at the others
    if (bytes_ <= small) return false;
    std::size_t all = 0;
    for (const auto& each : session_.account().sessions())
        if (each->is_live() && each->sm()) all += each->sm()->unacked_bytes();
    return all > static_cast<std::size_t>(options().max_account_queue_bytes);
}

void StreamManagement::push(Envelope envelope) {
    UnackedStanza sent(std::move(envelope));
    bytes_ += sent.cost();
    queue_.push(std::move(sent));
}

void StreamManagement::note_resumed() {
    if (queue_.empty())
        resumed_in_vain_ = 0;
    else if (resumed_in_vain_ < most_repeated)
        ++resumed_in_vain_;
}

Duration StreamManagement::pause_before_resuming() const {
    constexpr int free_of_charge = 3;  // a connection may break a few times
    constexpr Duration first = std::chrono::milliseconds(100);
    constexpr Duration longest = std::chrono::seconds(5);
    const int beyond = resumed_in_vain_ - free_of_charge;
    return beyond < 0 ? Duration::zero() : std::min<Duration>(first * (1 << beyond), longest);
}

void StreamManagement::send_again() {
    queue_.for_each([this](const UnackedStanza& sent) { write_again(sent); });
}

/// With the time it was first received (XEP-0198 section 5, XEP-0203). It has its number: in the
/// place of what the user wants no more goes a filler.
void StreamManagement::write_again(const UnackedStanza& sent) {
    SessionPort& port = *session_.port();
    if (!session_.account().may_hand_over(*sent.stanza))
        return port.write(*make_filler(session_.jid()));
    if (sent.stanza->is_iq()) return port.write(*sent.stanza);
    const auto copy = sent.stanza->clone();
    state_delay(copy->root(), session_.account().host(), format_datetime(sent.meta.received));
    port.write(*copy);
}

Result<> StreamManagement::on_ack(std::uint32_t handled) {
    const auto acked = queue_.ack(handled, [this](UnackedStanza&& sent) {
        bytes_ -= sent.cost();
        session_.on_acked(queue_.acked(), sent.meta);
    });
    if (!acked) return acked.error();
    delay_told_ = queue_.acked();
    cancel(delay_timer_);
    if (*acked > 0) requests_repeated_ = resumed_in_vain_ = 0;
    session_.changed().notify();  // there may be room again (wait_for_queue_room())
    if (!queue_.empty())
        context().shard().at_turn_end(session_);
    else
        cancel(timeout_timer_);
    return {};
}

void StreamManagement::on_heard() { heard_at_ = context().clock().steady(); }

// ---- What the client asks ----------------------------------------------------------------------

std::uint32_t StreamManagement::handled_in() const {
    return counting_ ? session_.window().handled() - window_base_ : 0;
}

void StreamManagement::on_handled() {
    if (!counting_) counting_ = session_.window().is_handled(window_base_);
    if (ack_owed_ || ack_follows_) context().shard().at_turn_end(session_);
}

void StreamManagement::on_ack_request() {
    ack_owed_ = true;
    ack_wanted_ = session_.window().received();
    context().shard().at_turn_end(session_);
}

void StreamManagement::answer_ack_request() {
    const InboundWindow& window = session_.window();
    if (window.is_handled(ack_wanted_) || window.is_empty()) {
        if (repeats_itself()) return answer_again_later();
        cancel(answer_timer_);
        ack_owed_ = ack_follows_ = false;
        return write_ack();
    }
    if (!ack_owed_ || answer_timer_ != TimerId::none) return;
    answer_timer_ = after<&StreamManagement::answer_late>(options().ack_answer_limit);
}

/// The client was told just that a moment ago: one that asks whenever it hears from us must not
/// keep both sides busy.
bool StreamManagement::repeats_itself() const {
    return answered_at_ != SteadyTime{} && answered_h_ == handled_in() &&
           context().clock().steady() - answered_at_ < repeat_interval;
}

void StreamManagement::answer_again_later() {
    if (answer_timer_ == TimerId::none)
        answer_timer_ = after<&StreamManagement::on_answer_due>(repeat_interval);
}

void StreamManagement::on_answer_due() {
    answer_timer_ = TimerId::none;
    context().shard().at_turn_end(session_);
}

/// An answer, if not yet the whole one.
void StreamManagement::answer_late() {
    answer_timer_ = TimerId::none;
    ack_owed_ = false;
    ack_follows_ = true;
    write_ack();
}

void StreamManagement::write_ack() {
    SessionPort* const port = session_.port();
    if (!port) return;
    answered_h_ = handled_in();
    answered_at_ = context().clock().steady();
    port->write_xml("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(answered_h_) + "'/>");
}

// ---- What the client is asked ------------------------------------------------------------------

void StreamManagement::end_turn() {
    if (ack_owed_ || ack_follows_) answer_ack_request();
    if (queue_.want_request())
        request_ack();
    else if (queue_.lags())
        request_ack_later();
    watch_silence();
}

void StreamManagement::request_ack() {
    cancel(request_timer_);
    session_.port()->write_xml("<r xmlns='urn:xmpp:sm:3'/>");
    queue_.note_request();
    heard_at_ = context().clock().steady();  // it has answered the request before
    const Duration limit = options().ack_timeout;
    if (limit > Duration::zero() && timeout_timer_ == TimerId::none) watch_answers(limit);
}

void StreamManagement::watch_answers(Duration from_now) {
    timeout_timer_ = after<&StreamManagement::on_ack_timeout>(from_now);
}

/// A request was left unanswered and nothing else was heard since. The connection may be dead, or
/// the client hibernating with it: either way it comes back by itself.
void StreamManagement::on_ack_timeout() {
    timeout_timer_ = TimerId::none;
    const Duration limit = options().ack_timeout;
    if (!session_.is_live() || limit == Duration::zero()) return;
    if (!queue_.request_outstanding()) return;  // watched again with the next one
    const auto silent =
        std::chrono::duration_cast<Duration>(context().clock().steady() - heard_at_);
    if (silent < limit) return watch_answers(limit - silent);
    context().refusals().tell(
        logger, session_.jid().bare(), "ack-timeout",
        {{"session", session_.jid().full()}, {"unacknowledged", queue_.size()}});
    SessionPort* const port = session_.port();
    session_.on_detached();
    if (port) port->close(StreamErrorCondition::connection_timeout, "nothing was acknowledged");
}

/// The client answered with less than it was sent. It may need time, or count differently for ever:
/// each pause is twice as long as the one before, until its count grows.
void StreamManagement::request_ack_later() {
    if (request_timer_ != TimerId::none) return;
    const Duration first = options().ack_request_delay;
    const Duration pause = std::min<Duration>(first * (1 << requests_repeated_), longest_pause);
    request_timer_ = after<&StreamManagement::on_request_due>(pause);
}

void StreamManagement::on_request_due() {
    request_timer_ = TimerId::none;
    if (!session_.port() || !queue_.lags()) return;
    if (requests_repeated_ < most_repeated) ++requests_repeated_;
    request_ack();
}

/// What comes during a long silence has its own delay, although nobody asks again.
void StreamManagement::watch_silence() {
    const bool told = queue_.empty() || queue_.sent() == delay_told_;
    if (told || delay_timer_ != TimerId::none) return;
    delay_timer_ = after<&StreamManagement::on_ack_delay>(options().max_ack_delay);
}

void StreamManagement::on_ack_delay() {
    delay_timer_ = TimerId::none;
    if (!session_.is_live()) return;
    delay_told_ = queue_.sent();
    logger.debug("ack-delayed",
                 {{"session", session_.jid().full()}, {"unacknowledged", queue_.size()}});
    context().bus().fire(events::AckDelayed{session_});
}

}  // namespace clarion::core
