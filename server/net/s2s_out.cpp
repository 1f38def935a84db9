#include "server/net/s2s_out.h"

#include "proto/jid.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/core/core.h"
#include "server/core/router.h"

namespace clarion::net {

using s2s::Stage;
using Next = s2s::OutgoingNegotiation::Next;

namespace {

using namespace std::chrono_literals;

constexpr Logger logger{"s2s"};
constexpr Duration closing_time = 5s;
/// A peer sends us a header, features and small answers: nothing near this.
constexpr std::size_t max_element = 65536;
/// More stanzas than this are turned into text only when the peer took those before.
constexpr std::size_t high_water = 262144;
constexpr std::size_t max_questions = 256;

Gauge& streams() {
    static Gauge& gauge = metrics().gauge(
        "clarion_s2s_streams", "Authenticated streams with servers", "direction=\"out\"");
    return gauge;
}

s2s::Failure unreachable(const Error& error) {
    const bool unknown = error.code == "not-found";
    const bool dns = unknown || error.code.starts_with("dns-");
    return {dns ? Stage::resolve : Stage::connect,
            unknown ? StanzaErrorCondition::remote_server_not_found
                    : StanzaErrorCondition::remote_server_timeout,
            error.text};
}

/// For SNI; an IP address is no name.
std::string server_name(const std::string& domain) {
    if (SocketAddress::parse(domain, 0)) return {};
    return domain_to_ascii(domain).value_or({});
}

}  // namespace

S2sOut::S2sOut(S2sOutOwner& owner, ShardNet& net, Resolver& resolver, std::string local,
               std::string remote, S2sReport report)
    : owner_(owner),
      net_(net),
      resolver_(resolver),
      local_(std::move(local)),
      remote_(std::move(remote)),
      report_(std::move(report)),
      queue_(net.core(), remote_),
      out_(net.buffers()),
      since_(net.core().clock().wall()),
      last_stanza_(net.core().clock().steady()) {
    net_.join(*this);
    net_.watch(*this);
}

S2sOut::~S2sOut() {
    if (up_at_ != SteadyTime{}) streams().add(-1);
    net_.core().shard().forget(*this);
    net_.leave(*this);
}

const core::S2sOptions& S2sOut::options() const {
    return net_.core().options<core::S2sOptions>(local_);
}

s2s::OutgoingPolicy S2sOut::policy() const {
    const auto& tls = net_.tls();
    return {.local = local_,
            .remote = remote_,
            .dialback_secret = net_.core().shared().dialback_secret,
            .can_encrypt = tls != nullptr,
            .require_encryption = options().require_encryption,
            .require_valid_certificate = options().require_valid_certificate,
            .have_certificate = tls && tls->has_certificate(local_)};
}

ConnectSettings S2sOut::connect_settings() const {
    return {remote_, options().bind_address, options().connect_timeout};
}

void S2sOut::tell(bool ok, std::string text) const {
    if (report_) report_({stage_, ok, std::move(text)});
}

// ---- Its life ----------------------------------------------------------------------------------

Task<> S2sOut::run(std::shared_ptr<S2sOut> self) {
    while (co_await self->attempt()) {
    }
    self->ending_ = true;
    self->owner_.on_gone(*self);
}

Task<bool> S2sOut::attempt() {
    failure_.reset();
    stage_ = Stage::resolve;
    Connector connector(net_.core().shard(), net_.poller(), resolver_, connect_settings(), report_);
    for (;;) {
        auto connected = co_await connector.next();
        if (!connected) {
            if (!failure_) failure_ = unreachable(connected.error());
            break;
        }
        const bool direct_tls = connected->direct_tls;
        attach(std::move(*connected));
        co_await converse(direct_tls);
        detach();
        if (!failure_ || !may_try_elsewhere()) break;
    }
    if (failure_) fail_attempt();
    const bool wanted = !queue_.nothing_waits() || !questions_.empty();
    co_return !failure_ && wanted && !report_ && !net_.core().stopping();
}

/// What went wrong before the domain itself refused us may go well on another of its servers.
bool S2sOut::may_try_elsewhere() const {
    return failure_->stage == Stage::open || failure_->stage == Stage::secure;
}

void S2sOut::attach(Connected connected) {
    host_ = std::move(connected.host);
    transport_ = std::move(connected.transport);
    transport_->set_sink(this);
    stream_.emplace(*net_.parsers(), xml::Limits{.max_stanza_bytes = max_element});
    negotiation_.emplace(policy());
    failure_.reset();
    closing_ = false;
    taken_ = 0;
    stage_ = Stage::open;
    deadline_ = net_.core().clock().steady() + options().negotiation_timeout;
}

Task<> S2sOut::converse(bool direct_tls) {
    if (direct_tls) {
        if (!co_await secure(true)) co_return;
    } else {
        negotiation_->start(out_.text());
        net_.core().shard().at_turn_end(*this);
    }
    for (;;) {
        const std::span<char> buffer = net_.read_buffer();
        const Result<std::size_t> size = transport_->read(buffer);
        if (!size) {
            if (!failure_ && !closing_ && up_at_ == SteadyTime{}) {
                failure_ = {stage_, StanzaErrorCondition::remote_server_timeout, size.error().text};
            }
            co_return;
        }
        const Step step = *size > 0 ? parse({buffer.data(), *size}) : Step::go_on;
        if (step == Step::over) co_return;
        if (step == Step::start_tls) {
            if (!co_await secure(false)) co_return;
        } else if (*size < buffer.size()) {
            co_await transport_->wait();
        } else {
            co_await transport_->yield();
        }
    }
}

Task<bool> S2sOut::secure(bool direct_tls) {
    stage_ = Stage::secure;
    const bool injected = !stream_->restart().empty();
    Result<> done =
        injected ? Result<>(fail("tls-error", "the server spoke before TLS began")) : Result<>();
    if (!injected) {
        TlsSettings settings{.role = TlsSettings::Role::connect,
                             .contexts = net_.tls(),
                             .host = local_,
                             .peer_name = server_name(remote_),
                             .alpn = direct_tls ? "xmpp-server" : ""};
        done = co_await transport_->handshake(std::move(settings));
    }
    if (!done) {
        if (!failure_) {
            failure_ = {Stage::secure, StanzaErrorCondition::remote_server_timeout,
                        "TLS: " + done.error().text};
        }
        co_return false;
    }
    const bool valid = transport_->peer_valid_for(remote_);
    const std::string problem = valid ? "" : transport_->peer_problem(remote_);
    tell(true, transport_->info().tls_version +
                   (valid ? ", certificate valid" : ", certificate not valid: " + problem));
    logger.debug("encrypted",
                 {{"local", local_}, {"remote", remote_}, {"certificate_problem", problem}});
    co_return act(negotiation_->on_encrypted(valid, out_.text())) != Step::over;
}

void S2sOut::detach() {
    if (transport_->is_open()) {
        if (!closing_ && transport_->encrypted() == negotiation_->encrypted())
            out_.text() += "</stream:stream>";
        flush();
        transport_->shut_down();
    }
    const bool was_up = up_at_ != SteadyTime{};
    const bool short_lived =
        was_up && net_.core().clock().steady() - up_at_ < options().retry_delay;
    if (was_up) {
        streams().add(-1);
        logger.info("stream_closed",
                    {{"local", local_}, {"remote", remote_}, {"waiting", queue_.size()}});
    }
    up_at_ = {};
    deadline_ = {};
    authenticating_ = false;
    queue_.requeue();
    out_.clear();
    transport_.reset();
    stream_.reset();
    negotiation_.reset();
    answer_all(s2s::Verdict::timeout);
    if (short_lived && !closing_ && !queue_.empty()) {  // no use in trying again at once
        failure_ = {Stage::up, StanzaErrorCondition::remote_server_timeout,
                    "the server closed the connection"};
    }
    closing_ = false;
}

void S2sOut::fail_attempt() {
    stage_ = failure_->stage;
    if (stage_ != Stage::resolve && stage_ != Stage::connect) tell(false, failure_->text);
    owner_.on_failed(*this, *failure_);
    const bool unknown = failure_->condition == StanzaErrorCondition::remote_server_not_found;
    for (Question& question : questions_) question.sent = true;  // nobody is left to ask
    answer_all(unknown ? s2s::Verdict::not_found : s2s::Verdict::timeout);
    queue_.bounce_all({failure_->condition, failure_->text});
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
                step = act(negotiation_->on_open(stream_->header(), out_.text()));
                break;
            case Event::element: {
                const Next next = negotiation_->on_element(stream_->take().root(), out_.text());
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

S2sOut::Step S2sOut::act(Next next) {
    net_.core().shard().at_turn_end(*this);
    switch (next) {
        case Next::start_tls: return Step::start_tls;
        case Next::secured: on_secured(); break;
        case Next::up: on_up(); break;
        case Next::failed:
            if (up_at_ == SteadyTime{}) {
                failure_ = negotiation_->failure();
            } else {
                logger.info("stream_error", {{"local", local_},
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
    up_at_ = last_stanza_ = net_.core().clock().steady();
    since_ = net_.core().clock().wall();
    streams().add(1);
    const std::string proof(name(negotiation_->proof()));
    const core::ConnectionInfo peer = transport_->info();
    logger.info("stream_up", {{"local", local_},
                              {"remote", remote_},
                              {"direction", "out"},
                              {"host", host_},
                              {"address", peer.address},
                              {"tls", peer.tls_version},
                              {"proof", proof}});
    tell(true, "authenticated by " + proof);
    if (report_) return close_stream();
    owner_.on_up(*this);
    ask_pending();
}

/// Does what is due and possible now: questions first, then proving who we are.
void S2sOut::proceed() {
    if (!negotiation_ || closing_) return;
    if (negotiation_->may_ask()) ask_pending();
    if (!negotiation_->secured() || authenticating_) return;
    if (queue_.nothing_waits() && !report_) return;
    // Answers that are outstanding would be lost in the restart after SASL.
    for (const Question& question : questions_) {
        if (question.sent) return;
    }
    authenticating_ = true;
    deadline_ = net_.core().clock().steady() + options().negotiation_timeout;
    if (act(negotiation_->authenticate(out_.text())) == Step::over) transport_->close();
}

// ---- Questions about dialback keys -------------------------------------------------------------

void S2sOut::ask(s2s::VerifyRequest request, Answered answered) {
    if (questions_.size() >= max_questions) return answered(s2s::Verdict::timeout);
    questions_.push_back(
        {std::move(request), std::move(answered), false, net_.core().clock().steady()});
    if (closing_) return transport_->close();  // a new attempt follows
    proceed();
}

void S2sOut::ask_pending() {
    for (Question& question : questions_) {
        if (std::exchange(question.sent, true)) continue;
        negotiation_->ask(question.request, out_.text());
        net_.core().shard().at_turn_end(*this);
    }
}

void S2sOut::take_answer() {
    const auto answer = negotiation_->take_answer();
    if (!answer) return;
    for (auto at = questions_.begin(); at != questions_.end(); ++at) {
        const s2s::VerifyRequest& asked = at->request;
        if (!at->sent || asked.stream_id != answer->stream_id || asked.local != answer->local ||
            asked.remote != answer->remote) {
            continue;
        }
        Answered answered = std::move(at->answered);
        questions_.erase(at);
        answered(answer->verdict);
        break;
    }
    last_stanza_ = net_.core().clock().steady();
    proceed();
}

/// Those that were asked and will hear no more.
void S2sOut::answer_all(s2s::Verdict verdict) {
    auto all = std::exchange(questions_, {});
    for (Question& question : all) {
        if (question.sent) {
            question.answered(verdict);
        } else {
            questions_.push_back(std::move(question));
        }
    }
}

// ---- Stanzas -----------------------------------------------------------------------------------

void S2sOut::deliver(core::Transit transit) {
    const core::S2sOptions& limits = options();
    if (queue_.size() >= static_cast<std::size_t>(limits.max_queued_stanzas) ||
        queue_.bytes() >= static_cast<std::size_t>(limits.max_queued_bytes)) {
        return net_.core().router().bounce_unreachable(
            std::move(transit), {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                                 "too much waits for this server already"});
    }
    last_stanza_ = net_.core().clock().steady();
    queue_.push(std::move(transit), is_up() && !closing_ && out_.empty());
    if (closing_) return transport_->close();  // a new attempt follows
    if (is_up()) return net_.core().shard().at_turn_end(*this);
    proceed();
}

void S2sOut::deliver_restored(StanzaPtr stanza, std::uint64_t seq, WallTime received) {
    queue_.push_restored(std::move(stanza), seq, received);
    if (is_up()) return net_.core().shard().at_turn_end(*this);
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
    const Result<> flushed = out_.flush(*transport_, net_.core().clock().steady());
    taken_ += before - out_.unsent();
    queue_.on_taken(taken_);
    if (!flushed) transport_->close();
    return flushed.ok();
}

void S2sOut::on_writable() { net_.core().shard().at_turn_end(*this); }

// ---- Time, and the end -------------------------------------------------------------------------

bool S2sOut::sweep(SteadyTime now, Duration) {
    const core::S2sOptions& limits = options();
    queue_.expire(limits.queue_time);
    const bool late =
        !questions_.empty() && now - questions_.front().since > limits.negotiation_timeout;
    if (late && questions_.front().sent) answer_all(s2s::Verdict::timeout);
    if (!transport_) return !ending_;
    if (deadline_ != SteadyTime{} && now >= deadline_) {
        if (!closing_ && !failure_) {
            failure_ = {stage_, StanzaErrorCondition::remote_server_timeout,
                        "the server took too long"};
        }
        transport_->close();
    } else if (is_up() && out_.stalled(now) > limits.queue_time) {
        logger.warning("stalled",
                       {{"local", local_}, {"remote", remote_}, {"unsent", out_.unsent()}});
        transport_->close();
    }
    const Duration patience = is_up() ? limits.idle_timeout : limits.negotiation_timeout;
    const bool used = !queue_.empty() || !questions_.empty() || deadline_ != SteadyTime{};
    if (!used && now - last_stanza_ > patience) close_stream();
    return !ending_;
}

void S2sOut::close_stream() {
    if (closing_ || !transport_) return;
    closing_ = true;
    deadline_ = net_.core().clock().steady() + closing_time;
    out_.text() += "</stream:stream>";
    net_.core().shard().at_turn_end(*this);
}

void S2sOut::shut_down(StreamErrorCondition condition) {
    if (!transport_) return;
    // What waits stays spooled for the next start.
    if (!closing_ && is_up()) out_.text() += stream_error_xml(condition);
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
