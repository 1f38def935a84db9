#include "server/net/c2s/c2s_connection.h"

#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/c2s/client_admission.h"
#include "server/runtime/shard.h"

namespace clarion::net {

using core::C2sStream;

namespace {

constexpr Logger logger{"c2s"};

struct Connections {
    Gauge& open =
        metrics().gauge("clarion_connections", "Connections that are open", "type=\"c2s\"");
    Counter& accepted = metrics().counter("clarion_connections_accepted_total",
                                          "Connections accepted", "type=\"c2s\"");
    Counter& timeouts =
        metrics().counter("clarion_c2s_authentication_timeouts_total",
                          "Client connections closed because they did not log in in time");
};
Connections& counters() {
    static Connections all;
    return all;
}

}  // namespace

// --- from accept to the end ---------------------------------------------------------------------

void C2sConnection::accept(ShardNet& net, std::unique_ptr<Transport> transport) {
    auto place = admit_client(net, transport->peer_address().network());
    if (!place) return;
    run(net,
        std::make_unique<C2sConnection>(net, std::move(transport), std::move(*place), Channel{}),
        Step::read);
}

void C2sConnection::accept_tls(ShardNet& net, std::unique_ptr<Transport> transport) {
    auto place = admit_client(net, transport->peer_address().network());
    if (!place) return;
    const Channel channel{.encryption = c2s::Encryption::direct};
    run(net, std::make_unique<C2sConnection>(net, std::move(transport), std::move(*place), channel),
        Step::direct_tls);
}

void C2sConnection::accept_encrypted(ShardNet& net, std::unique_ptr<Transport> transport) {
    auto place = admit_client(net, transport->peer_address().network());
    if (!place) return;
    const Channel channel{.encryption = c2s::Encryption::direct};
    auto connection =
        std::make_unique<C2sConnection>(net, std::move(transport), std::move(*place), channel);
    connection->on_encrypted();
    run(net, std::move(connection), Step::read);
}

void C2sConnection::run(ShardNet& net, std::unique_ptr<C2sConnection> connection, Step first) {
    counters().accepted.add();
    const std::string_view kind = connection->kind();
    std::unique_ptr<StreamDriver> owner = std::move(connection);
    net.scope().spawn(kind, drive(std::move(owner), first));
}

C2sConnection::C2sConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                             ConnectionCounts::Place place, Channel channel)
    : StreamDriver(net, std::move(transport), std::move(place), ns::client, channel.form),
      stream_(*this, channel.encryption, channel.may_start_tls),
      accepted_(now()) {
    deadline_ = accepted_ + context().options<core::C2sOptions>().authentication_timeout;
    counters().open.add(1);
}

C2sConnection::~C2sConnection() {
    counters().open.add(-1);
    if (in_transit()) return;
    context().shard().cancel(silence_timer_);
    on_detached();
}

// --- reading ------------------------------------------------------------------------------------

C2sConnection::Step C2sConnection::on_header() {
    trace_header(xml_.header());
    return on_open(xml_.header());
}

C2sConnection::Step C2sConnection::on_open(const xml::StreamHeader& header) {
    header_due_ = false;
    return after(stream_.on_open(context(), header));
}

C2sConnection::Step C2sConnection::on_element(xml::Document&& element) {
    if (!stream_.session()) {
        element_ = std::move(element);
        return Step::negotiate;
    }
    stream_.session()->on_element(std::move(element));
    return Step::parse;
}

void C2sConnection::on_worked(SteadyTime now, SteadyTime::duration worked) {
    if (!detached_ && stream_.session()) stream_.session()->charge_work(now, worked);
}

bool C2sConnection::has_room() {
    if (detached_ || !stream_.session()) return true;
    // Who does not read what it is answered is not read either.
    return has_send_room() && stream_.session()->may_read();
}

void C2sConnection::on_peer_closed() {
    if (is_open() && stream_.session() && !std::exchange(detached_, true))
        stream_.session()->on_stream_closed();
}

void C2sConnection::on_bad_xml() {
    if (is_open() && stream_.session() && !std::exchange(detached_, true))
        stream_.session()->on_bad_xml(xml_.error(), xml_.error_text(), xml_.element_refused());
}

// --- negotiation --------------------------------------------------------------------------------

Task<C2sConnection::Step> C2sConnection::take_time(Step how) {
    keep_rest();
    C2sStream::Next next = C2sStream::Next::read;
    if (how == Step::arrived) {
        next = co_await stream_.on_arrived(context());
    } else {
        xml::Document element = std::move(element_);
        next = co_await stream_.on_element(context(), std::move(element));
    }
    note_authenticated();
    co_return after(next);
}

C2sConnection::Step C2sConnection::after(C2sStream::Next next) {
    if (!is_open()) return Step::parse;
    switch (next) {
        case C2sStream::Next::read: return Step::parse;
        case C2sStream::Next::start_tls: return Step::start_tls;
        case C2sStream::Next::restart: return restart();
        case C2sStream::Next::move:
            if (stream_.home() == context().shard().index()) return Step::arrived;
            context().shard().cancel(std::exchange(silence_timer_, core::TimerId::none));
            return Step::move;
        case C2sStream::Next::close: break;
    }
    end_was_written();
    return Step::parse;
}

TlsSettings C2sConnection::tls_settings() const {
    return {.contexts = {}, .host = stream_.host(), .peer_name = {}, .alpn = "xmpp-client"};
}

SteadyTime C2sConnection::handshake_deadline() const {
    return now() + context().options<core::TlsOptions>(stream_.host()).handshake_timeout;
}

void C2sConnection::on_encrypted() { stream_.on_encrypted(transport_->bindings()); }

void C2sConnection::on_tls_failed(std::string_view why) {
    if (context().refusals().admit(network(), "tls-failed"))
        logger.info("tls-failed", {{"address", address()}, {"error", why}});
}

void C2sConnection::note_authenticated() {
    if (!stream_.authenticated()) return;
    const auto& options = context().options<core::C2sOptions>(stream_.host());
    if (options.ping_interval > Duration::zero() && silence_timer_ == core::TimerId::none)
        watch_silence(options.ping_interval);
    if (is_open() && stream_.session()) deadline_ = SteadyTime::max();
    if (std::exchange(authenticated_, true)) return;
    if (is_open() && !stream_.session()) deadline_ = now() + options.authentication_timeout;
    trust(options.max_stanza_size);
    transport_->set_keepalive(options);
}

// --- silence ------------------------------------------------------------------------------------

void C2sConnection::watch_silence(Duration from_now) {
    silence_timer_ = context().shard().after(from_now, [this] {
        silence_timer_ = core::TimerId::none;
        on_silence();
    });
}

void C2sConnection::on_silence() {
    const auto& options = context().options<core::C2sOptions>(stream_.host());
    if (!is_open() || options.ping_interval == Duration::zero()) return;
    if (pinged_at_ != SteadyTime{} && heard_at() < pinged_at_)
        return cut("the client does not answer");
    pinged_at_ = {};
    const auto silent = std::chrono::duration_cast<Duration>(now() - heard_at());
    if (silent < options.ping_interval || !stream_.session())
        return watch_silence(std::max(options.ping_interval - silent, Duration(1)));
    pinged_at_ = now();
    ping();
    watch_silence(options.ping_timeout);
}

/// With stream management there is a shorter question, which is not kept for it if it is gone.
void C2sConnection::ping() {
    core::Session& session = *stream_.session();
    if (session.sm()) return write_xml("<r xmlns='urn:xmpp:sm:3'/>");
    const auto request = Stanza::make(StanzaKind::iq, StanzaType::get, Jid::trusted(stream_.host()),
                                      session.jid(), "ping-" + random_token(6));
    request->root().add("ping", ns::ping);
    session.send(request);
}

// --- SessionPort --------------------------------------------------------------------------------

void C2sConnection::write(const Stanza& stanza) {
    if (!is_open()) return;
    std::string& text = out();
    const std::size_t begin = begin_message(text);
    framing().append_stanza(text, stanza.root(), ns::client);
    end_message(text, begin);
    trace_sent(stanza.root());
}

void C2sConnection::write_xml(std::string_view xml) {
    if (!is_open()) return;
    append_message(xml);
}

bool C2sConnection::has_send_room() const { return waiting_to_be_sent() <= max_send_buffer() / 4; }

void C2sConnection::close(std::optional<StreamErrorCondition> error, std::string_view text,
                          const xml::Element* application) {
    detached_ = true;
    begin_close(error, text, {}, application);
}

void C2sConnection::abandon() {
    detached_ = true;
    says_nothing_more_ = true;
}

void C2sConnection::cut_off(bool flushes) {
    detached_ = true;
    context().shard().cancel(silence_timer_);
    if (flushes) flush();
    cut("its session is resumed at its new home");
}

void C2sConnection::resume_reading() { transport_->wake(); }

core::ConnectionInfo C2sConnection::info() const { return transport_->info(); }

// --- StreamConnection ---------------------------------------------------------------------------

core::TracedStream C2sConnection::traced(const xml::Element*) const {
    if (const core::Session* session = stream_.session().get())
        return {kind(), session->jid().bare(), {}, session->jid().full()};
    if (!address_) address_ = std::make_unique<const std::string>(transport_->info().address);
    return {kind(), stream_.account().bare(), {}, *address_};
}

std::string_view C2sConnection::counted_as() const {
    return stream_.authenticated() ? std::string_view(stream_.account().bare()) : network();
}

std::size_t C2sConnection::max_send_buffer() const {
    const auto limit = context().options<core::C2sOptions>(stream_.host()).max_send_buffer;
    return static_cast<std::size_t>(limit);
}

Duration C2sConnection::send_timeout() const {
    return context().options<core::C2sOptions>(stream_.host()).send_timeout;
}

std::int64_t C2sConnection::bytes_per_second() const {
    return context().options<core::LimitsOptions>().c2s_bytes_per_second;
}

void C2sConnection::write_header() {
    header_due_ = false;
    stream_.write_header(context());
}

void C2sConnection::on_detached() {
    if (!stream_.session() || std::exchange(detached_, true)) return;
    stream_.session()->on_detached();
}

void C2sConnection::on_sent() {
    if (!tells_send_room_ || detached_ || !has_send_room()) return;
    tells_send_room_ = false;
    stream_.session()->on_send_room();
}

void C2sConnection::on_deadline() {
    counters().timeouts.add();
    begin_close(StreamErrorCondition::connection_timeout,
                authenticated_ ? "no session in time" : "not logged in in time");
    on_detached();
}

}  // namespace clarion::net
