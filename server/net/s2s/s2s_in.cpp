#include "server/net/s2s/s2s_in.h"

#include <chrono>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/delivery/crossing.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/routing/trace.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/s2s/s2s_limits.h"

namespace clarion::net {

using Next = s2s::IncomingNegotiation::Next;

namespace {

constexpr Logger logger{"s2s"};
/// Answers are small: who leaves this much unread asks without listening.
constexpr std::size_t max_unread = 65536;

struct Counters {
    Gauge& streams = metrics().gauge("clarion_s2s_streams", "Authenticated streams with servers",
                                     "direction=\"in\"");
    Counter& stanzas = metrics().counter("clarion_s2s_stanzas_total",
                                         "Stanzas exchanged with servers", "direction=\"in\"");
    Counter& refused = metrics().counter("clarion_s2s_dialback_refused_total",
                                         "Dialback requests of servers that did not prove true");
};
Counters& counters() {
    static Counters all;
    return all;
}

}  // namespace

// ---- From accept to the end --------------------------------------------------------------------

void S2sIn::start(RemoteDomains& domains, ShardNet& net, std::unique_ptr<Transport> transport,
                  ConnectionCounts::Place place, bool direct_tls) {
    auto stream = std::make_shared<S2sIn>(domains, net, std::move(transport), std::move(place));
    std::shared_ptr<StreamDriver> owner = std::move(stream);
    const Step first = direct_tls ? Step::direct_tls : Step::read;
    net.scope().spawn("s2s-in", drive(std::move(owner), first));
}

S2sIn::S2sIn(RemoteDomains& domains, ShardNet& net, std::unique_ptr<Transport> transport,
             ConnectionCounts::Place place)
    : StreamDriver(net, std::move(transport), std::move(place), ns::server),
      domains_(domains),
      negotiation_(policy()),
      since_(net.context().clock().wall()) {
    deadline_ = now() + context().options<core::S2sOptions>().negotiation_timeout;
    domains_.join(*this);
    counters();  // there before there is something to count: what grows must have been seen at 0
}

S2sIn::~S2sIn() {
    domains_.leave(*this);
    if (!authenticated()) return;
    counters().streams.add(-1);
    const std::string& remote = negotiation_.newest_pair().first;
    context().refusals().tell(logger, remote, "stream-closed",
                              {{"remote", remote}, {"direction", "in"}, {"why", why_}});
}

s2s::IncomingPolicy S2sIn::policy() const {
    core::Context* const all = &context();
    const auto options = [all](std::string_view host) -> const core::S2sOptions& {
        return all->options<core::S2sOptions>(host);
    };
    const auto& hosts = all->domains().hosts();
    s2s::IncomingPolicy policy;
    policy.default_host = hosts.empty() ? std::string{} : hosts.front();
    policy.dialback_secret = all->secrets().dialback;
    policy.max_pairs = static_cast<std::size_t>(options({}).max_domains_per_connection);
    policy.is_ours = [all](std::string_view domain) { return all->domains().is_ours(domain); };
    // A component's domain may have no certificate of its own: the first host's encrypts as well.
    policy.can_encrypt = [this, first = policy.default_host](std::string_view host) {
        const auto& tls = net().tls();
        return tls && (tls->has_certificate(host) || tls->has_certificate(first));
    };
    policy.require_encryption = [options](std::string_view host) {
        return options(host).require_encryption;
    };
    policy.require_certificate = [options](std::string_view host) {
        return options(host).require_valid_certificate;
    };
    policy.certificate_covers = [this](std::string_view domain) {
        return transport_->peer_valid_for(domain);
    };
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(options({}).idle_timeout);
    policy.limits = {options({}).max_stanza_size, idle.count()};
    return policy;
}

TlsSettings S2sIn::tls_settings() const {
    return {.contexts = {},
            .host = negotiation_.to(),
            .peer_name = {},
            .alpn = "xmpp-server",
            .ask_for_certificate = true};
}

void S2sIn::on_encrypted() { negotiation_.on_encrypted(); }

void S2sIn::on_tls_failed(std::string_view why) {
    if (!context().refusals().admit(network(), "tls-failed")) return;
    logger.info("tls-failed", {{"remote", negotiation_.from()},
                               {"direction", "in"},
                               {"address", address()},
                               {"why", why}});
}

// ---- Reading -----------------------------------------------------------------------------------

void S2sIn::on_bad_xml() {
    if (is_open()) fail(xml_.error(), xml_.error_text());
}

S2sIn::Step S2sIn::on_header() {
    header_due_ = false;
    const std::size_t before = out().size();
    const Next next = negotiation_.on_open(xml_.header(), random_token(16), out());
    trace_header(xml_.header());
    trace_answer(nullptr, before);
    return act(next);
}

S2sIn::Step S2sIn::on_element(xml::Document&& element) {
    touch();
    if (!authenticated() && element.root().is(ns::dialback, "verify")) verified_keys_ = true;
    const std::size_t cost = element.footprint();
    const std::size_t before = out().size();
    const Next next = negotiation_.on_element(element.root(), out());
    trace_answer(&element.root(), before);
    if (const auto refused = negotiation_.take_refusal())
        context().refusals().on_request(refused->peer, refused->ns, refused->condition, {},
                                        counted_as());
    if (next != Next::stanza) return act(next, cost);
    on_stanza(std::move(element));
    return Step::parse;
}

// ---- Negotiation -------------------------------------------------------------------------------

S2sIn::Step S2sIn::act(Next next, std::size_t cost) {
    switch (next) {
        case Next::start_tls: return Step::start_tls;
        case Next::verify: ask(cost); break;
        case Next::pair: on_pair(); break;
        case Next::restart: on_pair(); return restart();
        case Next::close:
            why_ = negotiation_.error_text();
            if (!authenticated() && context().refusals().admit(network(), "s2s"))
                logger.info("refused", {{"remote", negotiation_.from()},
                                        {"direction", "in"},
                                        {"address", address()},
                                        {"why", why_}});
            end_was_written();
            break;
        case Next::read:
        case Next::stanza: break;
    }
    return Step::parse;
}

void S2sIn::on_pair() {
    if (negotiation_.pairs().size() == 1) {
        counters().streams.add(1);
        trust(context().options<core::S2sOptions>().max_stanza_size);
        transport_->set_keepalive(context().options<core::S2sOptions>());
    }
    touch();
    const auto& [remote, local] = negotiation_.newest_pair();
    const core::ConnectionInfo peer = transport_->info();
    context().refusals().tell(logger, remote, "stream-up",
                              {{"local", local},
                               {"remote", remote},
                               {"direction", "in"},
                               {"address", peer.address},
                               {"tls", peer.tls_version},
                               {"proof", name(negotiation_.proof())}});
    const auto limit = context().options<S2sPairOptions>(local).max_incoming_streams;
    pair_places_.push_back(
        domains_.pairs().take(local + ' ' + remote, static_cast<std::size_t>(limit)));
    domains_.note_reachable(remote);
}

void S2sIn::ask(std::size_t cost) {
    ++questions_;
    question_bytes_ += cost;
    s2s::VerifyRequest request = negotiation_.take_request();
    auto place = place_for_question();
    if (!place)
        return refuse_question(
            {request.local, request.remote, request.stream_id, s2s::Verdict::timeout}, cost);
    // The place goes with the question: whoever hangs up has not answered it.
    auto answered = [weak = weak_from_this(), local = request.local, remote = request.remote,
                     id = request.stream_id, cost,
                     place = std::move(*place)](s2s::Verdict verdict) {
        if (const auto self = weak.lock()) self->on_verdict({local, remote, id, verdict}, cost);
    };
    domains_.verify(std::move(request), network(), std::move(answered));
}

std::optional<ConnectionCounts::Place> S2sIn::place_for_question() {
    const auto& limits = context().options<ServerLimits>();
    auto place = net().counts().admit(ConnectionCounts::Kind::question, network(),
                                      {.per_network = limits.dialback_questions_per_address,
                                       .unauthenticated = limits.dialback_questions});
    if (!place && context().refusals().admit(network(), "too-many-questions"))
        logger.warning("too-many-questions", {{"address", address()}});
    return place;
}

/// Behind the element that asked, as an answer of the domain would be.
void S2sIn::refuse_question(s2s::VerifyAnswer answer, std::size_t cost) {
    context().shards().post(context().shard().index(),
                            [weak = weak_from_this(), answer = std::move(answer), cost] {
                                if (const auto self = weak.lock()) self->on_verdict(answer, cost);
                            });
}

void S2sIn::on_verdict(const s2s::VerifyAnswer& answer, std::size_t cost) {
    --questions_;
    question_bytes_ -= cost;
    if (!is_open() || handshaking_ || !transport_->is_open()) return;
    touch();
    go_on_if_paused();
    if (answer.verdict != s2s::Verdict::valid) {
        counters().refused.add();
        if (context().refusals().admit(network(), "dialback-refused"))
            logger.warning("dialback-refused",
                           {{"local", answer.local},
                            {"remote", answer.remote},
                            {"address", address()},
                            {"key_is_false", answer.verdict == s2s::Verdict::invalid}});
        if (++false_keys_ > context().options<core::S2sOptions>().max_false_keys)
            return fail(StreamErrorCondition::policy_violation, "too many keys prove nothing");
    }
    const std::size_t before = out().size();
    const Next next = negotiation_.on_verdict(answer, out());
    trace_answer(nullptr, before);
    act(next);
}

void S2sIn::fail(StreamErrorCondition condition, std::string_view why) {
    why_ = std::string(clarion::name(condition)).append(": ").append(why);
    begin_close(condition, {}, why);
}

/// What the negotiation has written since `before`, as its answer to `element`.
void S2sIn::trace_answer(const xml::Element* element, std::size_t before) {
    core::Trace* const trace = context().trace();
    if (!trace) return;
    const std::string_view answer = std::string_view(out()).substr(before);
    if (!answer.empty()) trace->on_text(traced(element), core::TraceEvent::sent, answer);
}

// ---- Stanzas -----------------------------------------------------------------------------------

void S2sIn::on_stanza(xml::Document&& element) {
    if (!authenticated())
        return fail(StreamErrorCondition::not_authorized, "a stanza before authentication");
    Result<std::shared_ptr<Stanza>> parsed = Stanza::from_document(std::move(element));
    if (!parsed) return refuse(element.root(), parsed.error());
    const std::shared_ptr<Stanza> stanza = std::move(*parsed);
    if (const auto wrong = negotiation_.check_stanza(stanza->from(), stanza->to())) {
        return fail(*wrong, "addresses of a stanza");
    }
    core::strip_forged_delays(*stanza, context().domains());
    counters().stanzas.add();
    core::route_from_outside(context(), window_.admit(context(), weak_from_this(), stanza));
}

/// What is no stanza, or none that can be delivered. A bad address costs the stream only if there
/// is none at all: a server that checks addresses more loosely than we do must not lose its other
/// users' stanzas.
void S2sIn::refuse(const xml::Element& element, const Error& why) {
    if (why.is(error_code::bad_format))
        return fail(StreamErrorCondition::unsupported_stanza_type, element.name());
    if (element.attr("from").empty() || element.attr("to").empty()) {
        return fail(StreamErrorCondition::improper_addressing, "a stanza without 'from' or 'to'");
    }
    const auto from = Jid::parse(element.attr("from"));
    const Jid host = Jid::trusted(negotiation_.newest_pair().second);
    const Jid to = Jid::parse(element.attr("to")).value_or(host);
    const auto answer = make_refusal(element, why);
    if (answer)
        context().refusals().on_element(negotiation_.newest_pair().first, element,
                                        read_error(answer->root()));
    if (!from || negotiation_.check_stanza(*from, to) || !answer) return;
    answer->set_from(to);  // between servers no malformed address is echoed
    context().router().route(answer);
}

void S2sIn::settle(std::uint32_t number, const StanzaError* error, const Origin& origin) {
    window_.settle(number);
    // An error goes the way of all stanzas: over a stream of ours to the sender's server.
    if (error)
        if (auto answer = core::answer_failed(context(), origin, *error))
            context().router().route(std::move(answer));
    go_on_if_paused();
}

bool S2sIn::has_room() {
    const auto& limits = context().options<core::C2sOptions>();
    const auto bytes = static_cast<std::size_t>(limits.max_ack_window_bytes);
    const auto questions = context().options<core::S2sOptions>().max_questions_per_connection;
    return window_.has_room(limits) && questions_ < static_cast<std::size_t>(questions) &&
           question_bytes_ < bytes && window_.keeps_pace(context()) &&
           !waits_for_deliveries(weak_from_this());
}

// ---- StreamConnection --------------------------------------------------------------------------

core::TracedStream S2sIn::traced(const xml::Element* element) const {
    std::string_view domain = element ? element->attr("from") : std::string_view{};
    domain = domain.substr(0, domain.find('/'));
    domain.remove_prefix(domain.find('@') + 1);  // nothing, if there is none
    if (domain.empty()) domain = negotiation_.from();
    if (domain.empty()) domain = negotiation_.newest_pair().first;
    return {kind(), {}, domain, negotiation_.to()};
}

std::string_view S2sIn::counted_as() const {
    return authenticated() ? std::string_view(negotiation_.newest_pair().first) : network();
}

/// Nothing that anybody can say gives them more time.
void S2sIn::touch() {
    if (authenticated()) deadline_ = now() + context().options<core::S2sOptions>().idle_timeout;
}

std::size_t S2sIn::max_send_buffer() const { return max_unread; }

Duration S2sIn::send_timeout() const { return context().options<core::C2sOptions>().send_timeout; }

std::int64_t S2sIn::bytes_per_second() const {
    return context().options<core::LimitsOptions>().s2s_bytes_per_second;
}

void S2sIn::write_header() {
    negotiation_.ensure_header(random_token(16), out());
    header_due_ = false;
}

void S2sIn::on_deadline() {
    if (authenticated()) {
        if (questions_ > 0) return touch();  // it waits for us; each is answered in time
        why_ = "idle";
        return begin_close(std::nullopt);
    }
    if (questions_ > 0 && !std::exchange(extended_, true)) {
        deadline_ = now() + context().options<core::S2sOptions>().negotiation_timeout;
        return;
    }
    if (verified_keys_ && questions_ == 0) return begin_close(std::nullopt);  // it was of use
    fail(StreamErrorCondition::connection_timeout, "not authenticated in time");
}

std::optional<StreamErrorCondition> S2sIn::must_give_way() {
    for (const S2sPairs::Place& place : pair_places_) {
        if (!place.is_lost()) continue;
        why_ = "the server opened too many others";
        return StreamErrorCondition::conflict;
    }
    return StreamDriver::must_give_way();
}

std::vector<S2sLinkInfo> S2sIn::info() const {
    const core::ConnectionInfo peer = transport_->info();
    S2sLinkInfo info{
        .local = {}, .remote = negotiation_.from(), .direction = S2sLinkInfo::Direction::in};
    info.state = authenticated() ? "up" : "open";
    info.address = transport_->peer_address().text();
    info.encrypted = peer.encrypted;
    info.tls_version = peer.tls_version;
    info.authentication = name(negotiation_.proof());
    info.since = since_;
    std::vector<S2sLinkInfo> all;
    for (const auto& [remote, local] : negotiation_.pairs()) {
        info.remote = remote;
        info.local = local;
        all.push_back(info);
    }
    if (all.empty()) all.push_back(std::move(info));
    return all;
}

}  // namespace clarion::net
