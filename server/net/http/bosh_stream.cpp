#include "server/net/http/bosh_stream.h"

#include <algorithm>

#include "base/clock.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/http/bosh_options.h"
#include "server/net/http/bosh_sessions.h"

namespace clarion::net {

using bosh::Condition;

namespace {

/// Of its share of bytes, what a client that was quiet may have read at once.
constexpr std::int64_t seconds_at_once = 4;

Counter& slow_clients() {
    static Counter& slow = metrics().counter("clarion_stream_slow_peers_total",
                                             "Connections cut because the peer read too little");
    return slow;
}

bosh::Terms terms(const core::Context& context, std::string sid, std::string_view host) {
    const auto& options = context.options<BoshOptions>();
    return {.sid = std::move(sid),
            .from = std::string(host),
            .max_wait = options.max_wait,
            .inactivity = options.inactivity,
            .polling = options.min_polling,
            .max_pause = options.max_pause,
            .max_hold = static_cast<std::uint32_t>(options.max_hold),
            .max_body = static_cast<std::size_t>(options.max_body),
            .max_answer = static_cast<std::size_t>(options.max_answer)};
}

std::int64_t share_per_second(const core::Context& context) {
    return context.options<core::LimitsOptions>().c2s_bytes_per_second;
}

}  // namespace

BoshStream::BoshStream(ShardNet& net, std::string sid, BoshRequest request,
                       ConnectionCounts::Place place)
    : deadline_(net.context().clock().steady() +
                net.context().options<core::C2sOptions>().authentication_timeout),
      net_(&net),
      sid_(std::move(sid)),
      place_(std::move(place)),
      peer_(std::move(request.peer)),
      encrypted_(peer_.encrypted),
      conversation_(terms(context(), sid_, request.head.to), request.head, std::move(request.text),
                    request.ticket, now()),
      budget_(share_per_second(context()) * seconds_at_once),
      input_left_(
          static_cast<std::uint32_t>(context().options<ConnectionLimits>().unauthenticated_bytes)) {
    replies_.emplace(request.ticket, std::move(request.reply));
    spend_before_login(conversation_.unread());
    net.join(*this);
    net.watch(*this);
    net.part<BoshSessions>().began(sid_, *this);
}

BoshStream::~BoshStream() {
    if (in_transit()) return;
    answer();
    context().shard().forget(*this);
    net_->part<BoshSessions>().ended(sid_);
    net_->leave(*this);
}

SteadyTime BoshStream::now() const { return context().clock().steady(); }

// --- requests -----------------------------------------------------------------------------------

void BoshStream::take(BoshRequest request) {
    // Whoever saw the id elsewhere cannot end the session with it (XEP-0124, 18.1).
    if (encrypted_ && !request.peer.encrypted) return request.reply.give({403, {}});
    peer_ = std::move(request.peer);
    const std::size_t size = request.text.size();
    const bool was_open = is_open();
    replies_.emplace(request.ticket, std::move(request.reply));
    conversation_.take(std::move(request.head), std::move(request.text), request.ticket, now());
    if (was_open && conversation_.failure()) {
        trace_note("a request breaks the rules of its session");
        refuse(bosh::name(*conversation_.failure()), "a request breaks the rules of its session");
    }
    if (!trusted_) spend_before_login(size);
    settle_soon();
    wake();
}

void BoshStream::gone(bosh::Ticket ticket) {
    replies_.erase(ticket);
    conversation_.gone(ticket, now());
}

/// Who has not logged in has us parse only so much.
void BoshStream::spend_before_login(std::size_t bytes) {
    if (is_open() && bytes > input_left_)
        begin_close(StreamErrorCondition::policy_violation, "too much before the login");
    input_left_ -= static_cast<std::uint32_t>(std::min<std::size_t>(bytes, input_left_));
}

void BoshStream::trust() {
    trusted_ = true;
    place_.note_authenticated();
}

bool BoshStream::may_receive() const {
    if (!is_open() || reading_stopped_) return false;
    return budget_ > 0 || share_per_second(context()) == 0;
}

std::size_t BoshStream::memory() const {
    constexpr std::size_t links = 32;  // of a node
    return heap_bytes(object_size()) + conversation_.memory() +
           replies_.size() * heap_bytes(sizeof(decltype(replies_)::value_type) + links);
}

// --- answers ------------------------------------------------------------------------------------

void BoshStream::put(std::string xml) {
    conversation_.write(std::move(xml));
    settle_soon();
}

void BoshStream::settle() {
    conversation_.settle(now());
    answer();
    check_unsent();
    on_sent();
}

void BoshStream::answer() {
    for (bosh::Answer& answer : conversation_.take_answers()) {
        auto reply = replies_.extract(answer.ticket);
        if (reply) reply.mapped().give(std::move(answer.reply), conversation_.content_type());
        wake();  // there may be room, or nothing left to do
    }
}

/// As OutBuffer: a long answer of one turn is no sign of a client that does not read.
void BoshStream::check_unsent() {
    const std::size_t unsent = conversation_.unsent();
    if (was_all_sent_) burst_ = unsent;
    was_all_sent_ = unsent == 0;
    if (unsent <= max_send_buffer() || unsent <= burst_) return;
    slow_clients().add();
    refuse("cut", "the client left too much unread");
    trace_note("the client left too much unread");
    conversation_.drop_output();
    end_session(Condition::policy_violation);
}

// --- the end ------------------------------------------------------------------------------------

void BoshStream::begin_close(std::optional<StreamErrorCondition> error, std::string_view text,
                             const xml::Element* application) {
    if (!is_open()) return;
    std::optional<Condition> condition;
    std::string content;
    if (error == StreamErrorCondition::system_shutdown) {
        condition = Condition::system_shutdown;
    } else if (error) {
        refuse(name(*error), text);
        condition = Condition::remote_stream_error;
        bosh_framing().append_error(content, {*error, text, application});
    }
    trace_sent(content);
    conversation_.end(condition, content, now());
    settle_soon();
    wake();
}

void BoshStream::end_session(Condition condition) {
    conversation_.end(condition, {}, now());
    settle_soon();
    wake();
}

void BoshStream::refuse(std::string_view condition, std::string_view text) {
    context().refusals().on_stream(traced(), counted_as(), peer_.address, condition, text);
}

void BoshStream::shut_down(StreamErrorCondition condition) {
    if (says_nothing_more_)
        trace_note("its session is resumed after the restart");
    else
        begin_close(condition, {});
    on_detached();
    conversation_.abandon();
    answer();
    wake();
}

// --- time ---------------------------------------------------------------------------------------

bool BoshStream::sweep(SteadyTime now, Duration elapsed) {
    settle();
    if (conversation_.is_lost(now)) {
        trace_note("the client has no request here any more");
        conversation_.abandon();
        wake();
    }
    if (is_open() && now >= deadline_) on_deadline();
    if (is_open() && deadline_ != SteadyTime::max()) give_way();
    if (refill(elapsed)) wake();
    return true;
}

void BoshStream::give_way() {
    if (!place_.is_lost()) return;
    begin_close(StreamErrorCondition::resource_constraint, "its place is needed");
    on_detached();
}

/// Once a second it may be read for one more second; what it leaves is kept for a while. True: it
/// may be read again.
bool BoshStream::refill(Duration elapsed) {
    const std::int64_t limit = share_per_second(context());
    const bool starved = budget_ <= 0;
    budget_ = std::min(limit * seconds_at_once, budget_ + limit * elapsed.count() / 1000);
    return starved && budget_ > 0;
}

// --- moving -------------------------------------------------------------------------------------

void BoshStream::depart() {
    settle();
    context().shard().forget(*this);
    net_->part<BoshSessions>().departed(sid_, ++moves_);
    net_->leave(*this);
    net_ = nullptr;
}

bool BoshStream::arrive(ShardNet& here) {
    net_ = &here;
    here.join(*this);
    here.watch(*this);
    here.part<BoshSessions>().arrived(sid_, moves_, *this);
    return !here.stopping();
}

// --- who traces ---------------------------------------------------------------------------------

void BoshStream::trace_received(const xml::Element& element) const {
    if (core::Trace* trace = context().trace())
        trace->on_element(traced(), core::TraceEvent::received, element);
}

void BoshStream::trace_body(std::string_view attributes) const {
    if (core::Trace* trace = context().trace())
        trace->on_text(traced(), core::TraceEvent::received, bosh::write_body(attributes, {}));
}

void BoshStream::trace_sent(const xml::Element& element) const {
    if (core::Trace* trace = context().trace())
        trace->on_element(traced(), core::TraceEvent::sent, element);
}

void BoshStream::trace_sent(std::string_view xml) const {
    if (core::Trace* trace = context().trace(); trace && !xml.empty())
        trace->on_text(traced(), core::TraceEvent::sent, xml);
}

void BoshStream::trace_note(std::string_view what) const {
    if (core::Trace* trace = context().trace()) trace->on_note(traced(), what);
}

}  // namespace clarion::net
