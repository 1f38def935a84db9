#include "server/net/s2s/s2s_out.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/framing.h"
#include "server/core/context.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/routing/trace.h"
#include "server/runtime/shard.h"

namespace clarion::net {

using s2s::Stage;
using Next = s2s::OutgoingNegotiation::Next;

namespace {

using namespace std::chrono_literals;

constexpr Logger logger{"s2s"};
constexpr Duration closing_time = 5s;
/// More stanzas than this are turned into text only when the peer took those before.
constexpr std::size_t high_water = 262144;

Gauge& streams() {
    static Gauge& gauge = metrics().gauge(
        "clarion_s2s_streams", "Authenticated streams with servers", "direction=\"out\"");
    return gauge;
}

}  // namespace

S2sOut::S2sOut(S2sOutOwner& owner, ShardNet& net, Resolver& resolver, std::string local,
               std::string remote, core::RemoteReport report)
    : owner_(owner),
      net_(net),
      resolver_(resolver),
      local_(std::move(local)),
      remote_(std::move(remote)),
      report_(std::move(report)),
      queue_(net.context(), owner.backlog(), remote_),
      out_(net.buffers()),
      since_(net.context().clock().wall()),
      last_stanza_(net.context().clock().steady()) {
    net_.join(*this);
    net_.watch(*this);
}

S2sOut::~S2sOut() {
    count_stream(false);
    net_.context().shard().forget(*this);
    net_.leave(*this);
}

void S2sOut::count_stream(bool up) {
    if (std::exchange(counted_, up) != up) streams().add(up ? 1 : -1);
}

const core::S2sOptions& S2sOut::options() const {
    return net_.context().options<core::S2sOptions>(local_);
}

s2s::OutgoingPolicy S2sOut::policy() const {
    const auto& tls = net_.tls();
    return {.local = local_,
            .remote = remote_,
            .dialback_secret = net_.context().secrets().dialback,
            .can_encrypt = tls != nullptr,
            .require_encryption = options().require_encryption,
            .require_valid_certificate = options().require_valid_certificate,
            .have_certificate = tls && tls->has_certificate(local_)};
}

ConnectSettings S2sOut::connect_settings() const {
    const auto& more = net_.context().options<ConnectOptions>(local_);
    return {.domain = remote_,
            .bind_address = options().bind_address,
            .timeout = options().connect_timeout,
            .allow_private_addresses = more.allow_private_addresses};
}

void S2sOut::tell(bool ok, std::string text) const {
    if (report_) report_({stage_, ok, std::move(text)});
}

// ---- What the peer says ------------------------------------------------------------------------

S2sOut::Step S2sOut::parse(std::string_view bytes) {
    using Event = xml::XmlStream::Event;
    std::string rest;
    stream_->feed(bytes);
    for (;;) {
        Step step = Step::go_on;
        switch (stream_->next()) {
            case Event::need_more: stream_->release_if_idle(); return Step::go_on;
            case Event::open:
                trace_header();
                step = act(say([this](std::string& out) {
                    return negotiation_->on_open(stream_->header(), out);
                }));
                break;
            case Event::element: {
                const Next next = on_element(stream_->take());
                if (next == Next::restart) {
                    rest = stream_->restart();
                    stream_->feed(rest);
                }
                take_answer();
                step = act(next);
                break;
            }
            case Event::close:
                if (!closing_ && up_at_ == SteadyTime{}) {
                    failure_ = {stage_, StanzaErrorCondition::remote_server_timeout,
                                "the server closed the stream"};
                }
                return Step::over;
            case Event::error:
                failure_ = {stage_, StanzaErrorCondition::remote_server_timeout,
                            std::string(stream_->error_text())};
                return Step::over;
        }
        if (step != Step::go_on) return step;
    }
}

Next S2sOut::on_element(const xml::Document& element) {
    if (core::Trace* trace = net_.context().trace())
        trace->on_element(traced(), core::TraceEvent::received, element.root());
    return say([&](std::string& out) { return negotiation_->on_element(element.root(), out); });
}

void S2sOut::say_end() {
    say([](std::string& out) {
        tcp_framing().append_end(out);
        return out.size();
    });
}

void S2sOut::trace_header() const {
    if (core::Trace* trace = net_.context().trace())
        trace->on_note(traced(), "the server's stream begins");
}

S2sOut::Step S2sOut::act(Next next) {
    net_.context().shard().at_turn_end(*this);
    switch (next) {
        case Next::start_tls: return Step::start_tls;
        case Next::secured: on_secured(); break;
        case Next::up: on_up(); break;
        case Next::failed:
            if (up_at_ == SteadyTime{}) {
                failure_ = negotiation_->failure();
            } else {
                net_.context().refusals().tell(logger, remote_, "stream-error",
                                               {{"local", local_},
                                                {"remote", remote_},
                                                {"why", negotiation_->failure().text}});
            }
            return Step::over;
        case Next::read:
        case Next::restart: break;
    }
    return failure_ ? Step::over : Step::go_on;
}

void S2sOut::on_secured() {
    stage_ = Stage::authenticate;
    // Nobody may want to send anything yet: then there is no hurry.
    if (queue_.nothing_waits() && !report_) deadline_ = {};
    proceed();
}

void S2sOut::on_up() {
    stage_ = Stage::up;
    deadline_ = {};
    up_at_ = last_stanza_ = net_.context().clock().steady();
    since_ = net_.context().clock().wall();
    count_stream(true);
    const std::string proof(name(negotiation_->proof()));
    const core::ConnectionInfo peer = transport_->info();
    net_.context().refusals().tell(logger, remote_, "stream-up",
                                   {{"local", local_},
                                    {"remote", remote_},
                                    {"direction", "out"},
                                    {"host", host_},
                                    {"address", peer.address},
                                    {"tls", peer.tls_version},
                                    {"proof", proof}});
    tell(true, "authenticated by " + proof);
    owner_.on_up(*this);
    if (report_) return close_stream();
    ask_pending();
}

/// Does what is due and possible now: questions first, then proving who we are.
void S2sOut::proceed() {
    if (!negotiation_ || closing_) return;
    if (negotiation_->may_ask()) ask_pending();
    if (!negotiation_->secured() || authenticating_) return;
    if (queue_.nothing_waits() && !report_) return;
    if (questions_.outstanding()) return;  // the answers would be lost in the restart after SASL
    authenticating_ = true;
    deadline_ = net_.context().clock().steady() + options().negotiation_timeout;
    const Next next = say([this](std::string& out) { return negotiation_->authenticate(out); });
    if (act(next) == Step::over) transport_->close();
}

// ---- Questions about dialback keys -------------------------------------------------------------

void S2sOut::ask(s2s::VerifyRequest request, Answered answered) {
    questions_.add(std::move(request), std::move(answered), net_.context().clock().steady());
    if (closing_) return transport_->close();  // a new attempt follows
    proceed();
}

void S2sOut::ask_pending() {
    if (say([this](std::string& out) { return questions_.ask(*negotiation_, out); }))
        net_.context().shard().at_turn_end(*this);
}

void S2sOut::take_answer() {
    const auto answer = negotiation_->take_answer();
    if (!answer) return;
    last_stanza_ = net_.context().clock().steady();
    questions_.on_answer(*answer);
    proceed();
}

// ---- Stanzas -----------------------------------------------------------------------------------

/// This link has room, and so have all of them together.
bool S2sOut::has_room_for(const Stanza& stanza) const {
    const core::S2sOptions& limits = options();
    return queue_.size() < static_cast<std::size_t>(limits.max_queued_stanzas) &&
           queue_.bytes() < static_cast<std::size_t>(limits.max_queued_bytes) &&
           owner_.has_room_for(stanza, queue_.bytes());
}

void S2sOut::deliver(core::Envelope envelope) {
    if (!has_room_for(*envelope.stanza)) {
        return net_.context().router().bounce_unreachable(
            std::move(envelope), {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                                  "too much waits for other servers already"});
    }
    last_stanza_ = net_.context().clock().steady();
    queue_.push(std::move(envelope), is_up() && !closing_ && out_.empty());
    if (closing_) return transport_->close();  // a new attempt follows
    if (is_up()) return net_.context().shard().at_turn_end(*this);
    proceed();
}

void S2sOut::deliver_restored(StanzaPtr stanza, std::uint64_t seq, WallTime received) {
    queue_.push_restored(std::move(stanza), seq, received);
    if (is_up()) return net_.context().shard().at_turn_end(*this);
    proceed();
}

S2sOut::Rest S2sOut::leave(bool at_once) {
    left_ = true;
    if (dialing_) dialing_->cancel();
    if (transport_ && is_up() && out_.empty() && !at_once)
        close_stream();
    else if (transport_)
        transport_->close();
    return {queue_.hand_over(), questions_.hand_over()};
}

void S2sOut::adopt(std::deque<S2sQueue::Item> items) {
    queue_.adopt(std::move(items));
    if (is_up()) return net_.context().shard().at_turn_end(*this);
    proceed();
}

void S2sOut::end_turn() {
    if (!transport_ || !transport_->is_open()) return;
    const bool writes = is_up() && !closing_;
    if (writes) queue_.write(out_, taken_, high_water);
    flush();
    if (writes && !out_.empty()) queue_.spool_untaken();
}

bool S2sOut::flush() {
    const std::size_t before = out_.unsent();
    const Result<> flushed = out_.flush(*transport_, net_.context().clock().steady());
    taken_ += before - out_.unsent();
    queue_.on_taken(taken_);
    if (!flushed) transport_->close();
    return flushed.ok();
}

void S2sOut::on_writable() { net_.context().shard().at_turn_end(*this); }

// ---- Time, and the end -------------------------------------------------------------------------

bool S2sOut::sweep(SteadyTime now, Duration) {
    const core::S2sOptions& limits = options();
    queue_.expire(limits.queue_time);
    questions_.expire(now, limits.negotiation_timeout);
    if (!transport_) {  // nobody is looked for whom nobody wants any more
        if (dialing_ && !is_wanted()) dialing_->cancel();
        return !ending_;
    }
    if (deadline_ != SteadyTime{} && now >= deadline_) {
        if (!closing_ && !failure_) {
            failure_ = {stage_, StanzaErrorCondition::remote_server_timeout,
                        "the server took too long"};
        }
        transport_->close();
    } else if (is_up() && out_.stalled(now) > limits.queue_time) {
        if (net_.context().refusals().admit(remote_, "stalled"))
            logger.warning("stalled",
                           {{"local", local_}, {"remote", remote_}, {"unsent", out_.unsent()}});
        transport_->close();
    }
    const Duration patience = is_up() ? limits.idle_timeout : limits.negotiation_timeout;
    const bool used = !queue_.empty() || !questions_.empty() || deadline_ != SteadyTime{};
    if (!used && now - last_stanza_ > patience) close_stream();
    return !ending_;
}

bool S2sOut::is_wanted() const { return report_ || !queue_.empty() || !questions_.empty(); }

void S2sOut::close_stream() {
    if (closing_ || !transport_) return;
    closing_ = true;
    deadline_ = net_.context().clock().steady() + closing_time;
    say_end();
    net_.context().shard().at_turn_end(*this);
}

void S2sOut::shut_down(StreamErrorCondition condition) {
    if (dialing_) dialing_->cancel();
    if (!transport_) return;
    // What waits stays spooled for the next start.
    if (!closing_ && is_up())
        say([condition](std::string& out) {
            tcp_framing().append_error(out, {condition});
            return out.size();
        });
    if (is_up()) return close_stream();
    transport_->close();
}

S2sLinkInfo S2sOut::info() const {
    S2sLinkInfo info{.local = local_, .remote = remote_, .direction = S2sLinkInfo::Direction::out};
    info.state = name(stage_);
    info.authentication = name(negotiation_ ? negotiation_->proof() : s2s::Proof::none);
    info.queued = queue_.size();
    info.since = since_;
    if (!transport_) return info;
    const core::ConnectionInfo peer = transport_->info();
    info.address = transport_->peer_address().text();
    info.encrypted = peer.encrypted;
    info.tls_version = peer.tls_version;
    return info;
}

}  // namespace clarion::net
