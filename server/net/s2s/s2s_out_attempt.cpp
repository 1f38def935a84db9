// S2sOut: one attempt after the other, from looking for a place that accepts to the end of its
// stream.
#include "base/clock.h"
#include "base/log.h"
#include "proto/jid.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/trace.h"
#include "server/net/s2s/s2s_out.h"
#include "server/runtime/shard.h"

namespace clarion::net {

using s2s::Stage;

namespace {

constexpr Logger logger{"s2s"};
/// A peer sends us a header, features and small answers: nothing near this.
constexpr std::size_t max_element = 65536;

s2s::Failure unreachable(const Error& error) {
    const bool unknown = error.is(error_code::not_found);
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

Task<> S2sOut::run(std::shared_ptr<S2sOut> self) {
    for (bool again = true; again;) again = co_await self->attempt();
    self->ending_ = true;
    self->owner_.on_gone(*self);
}

/// In a scope of its own, so that a stop need not wait for name servers.
Task<> S2sOut::dial(std::shared_ptr<S2sOut> self, Connector& connector) {
    self->dialed_ = co_await connector.next();
}

Task<bool> S2sOut::attempt() {
    failure_.reset();
    stage_ = Stage::resolve;
    Connector connector(net_.context().shard(), net_.poller(), resolver_, connect_settings(),
                        report_);
    for (;;) {
        dialed_.reset();
        dialing_ = std::make_unique<core::Scope>(net_.context().shard().executor());
        dialing_->spawn("s2s-dial", dial(shared_from_this(), connector));
        co_await dialing_->joined();
        if (!dialed_) co_return goes_on();  // nobody wanted it, or the server stops
        if (!*dialed_) {
            if (!failure_) failure_ = unreachable(dialed_->error());
            break;
        }
        const bool direct_tls = (*dialed_)->direct_tls;
        attach(std::move(**dialed_));
        co_await converse(direct_tls);
        detach();
        if (!failure_ || !may_try_elsewhere()) break;
    }
    if (failure_ && !left_) {
        if (core::Trace* trace = net_.context().trace()) trace->on_note(traced(), failure_->text);
        fail_attempt();
    }
    co_return !failure_ && goes_on();
}

/// Somebody may have come to want it while the last attempt ended.
bool S2sOut::goes_on() const {
    const bool wanted = !queue_.nothing_waits() || !questions_.empty();
    return wanted && !report_ && !left_ && !net_.stopping() && !net_.context().stopping();
}

/// What went wrong before the domain itself refused us may go well on another of its servers.
bool S2sOut::may_try_elsewhere() const {
    return failure_->stage == Stage::open || failure_->stage == Stage::secure;
}

void S2sOut::attach(Connected connected) {
    host_ = std::move(connected.host);
    transport_ = std::move(connected.transport);
    transport_->set_sink(this);
    transport_->set_keepalive(options());
    stream_.emplace(*net_.parsers(), xml::Limits{.max_stanza_bytes = max_element}, ns::server);
    negotiation_.emplace(policy());
    failure_.reset();
    closing_ = false;
    taken_ = 0;
    stage_ = Stage::open;
    deadline_ = net_.context().clock().steady() + options().negotiation_timeout;
}

Task<> S2sOut::converse(bool direct_tls) {
    if (direct_tls) {
        if (!co_await secure(true)) co_return;
    } else {
        say([this](std::string& out) {
            negotiation_->start(out);
            return out.size();
        });
        net_.context().shard().at_turn_end(*this);
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
    const bool injected = !stream_->restart_for_tls();
    Result<> done =
        injected ? Result<>(fail("tls-error", "the server spoke before TLS began")) : Result<>();
    if (!injected) {
        TlsSettings settings{.role = TlsSettings::Role::connect,
                             .contexts = net_.tls(),
                             .host = local_,
                             .peer_name = server_name(remote_),
                             .alpn = direct_tls ? "xmpp-server" : "",
                             .after_text = !direct_tls};
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
    const auto next = say([&](std::string& out) { return negotiation_->on_encrypted(valid, out); });
    co_return act(next) != Step::over;
}

void S2sOut::detach() {
    if (transport_->is_open()) {
        if (!closing_ && transport_->encrypted() == negotiation_->encrypted()) say_end();
        flush();
        transport_->shut_down();
    }
    const bool was_up = up_at_ != SteadyTime{};
    const bool short_lived =
        was_up && net_.context().clock().steady() - up_at_ < options().retry_delay;
    if (was_up) {
        net_.context().refusals().tell(logger, remote_, "stream-closed",
                                       {{"local", local_},
                                        {"remote", remote_},
                                        {"direction", "out"},
                                        {"waiting", queue_.size()}});
    }
    queue_.requeue();
    questions_.lose();
    const bool wanted = authenticating_ || report_ || !queue_.empty() || !questions_.empty();
    if (stage_ == Stage::authenticate && !wanted) failure_.reset();  // it only served for questions
    if (short_lived && !closing_ && !queue_.empty()) {  // no use in trying again at once
        failure_ = {Stage::up, StanzaErrorCondition::remote_server_timeout,
                    "the server closed the connection"};
    }
    reset();
}

void S2sOut::reset() {
    count_stream(false);
    up_at_ = {};
    deadline_ = {};
    authenticating_ = false;
    closing_ = false;
    out_.clear();
    transport_.reset();
    stream_.reset();
    negotiation_.reset();
}

void S2sOut::fail_attempt() {
    stage_ = failure_->stage;
    if (stage_ != Stage::resolve && stage_ != Stage::connect) tell(false, failure_->text);
    owner_.on_failed(*this, *failure_);
    const bool unknown = failure_->condition == StanzaErrorCondition::remote_server_not_found;
    questions_.give_up(unknown ? s2s::Verdict::not_found : s2s::Verdict::timeout);
    // What is spooled when the server stops is for its next start.
    if (!net_.context().stopping()) queue_.bounce_all({failure_->condition, failure_->text});
}

}  // namespace clarion::net
