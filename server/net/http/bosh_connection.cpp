#include "server/net/http/bosh_connection.h"

#include <algorithm>

#include "base/metrics.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/options.h"
#include "server/net/stanza_limits.h"

namespace clarion::net {

using core::C2sStream;

namespace {

constexpr std::string_view kind = "bosh";

struct Connections {
    Gauge& open =
        metrics().gauge("clarion_connections", "Connections that are open", "type=\"bosh\"");
    Counter& accepted = metrics().counter("clarion_connections_accepted_total",
                                          "Connections accepted", "type=\"bosh\"");
    Counter& timeouts =
        metrics().counter("clarion_c2s_authentication_timeouts_total",
                          "Client connections closed because they did not log in in time");
};
Connections& counters() {
    static Connections all;
    return all;
}

}  // namespace

// --- from the first request to the end ----------------------------------------------------------

BoshConnection::BoshConnection(ShardNet& net, std::string sid, BoshRequest request,
                               ConnectionCounts::Place place)
    : BoshStream(net, std::move(sid), std::move(request), std::move(place)),
      stream_(*this, encrypted() ? c2s::Encryption::direct : c2s::Encryption::none, false) {
    counters().open.add(1);
    counters().accepted.add();
}

BoshConnection::~BoshConnection() {
    counters().open.add(-1);
    if (!in_transit()) on_detached();
}

Task<> BoshConnection::drive(std::unique_ptr<BoshConnection> self, Step first) {
    BoshConnection& c = *self;
    Step step = first;
    while (step != Step::finish) {
        switch (step) {
            case Step::read: step = c.read(); break;
            case Step::wait:
                co_await c.changed_.wait(c.context().shard());
                step = Step::read;
                break;
            case Step::move: move(std::move(self)); co_return;
            default: step = co_await c.take_time(step);
        }
    }
}

void BoshConnection::move(std::unique_ptr<BoshConnection> self) {
    const unsigned home = self->stream_.home();
    core::ShardSet& shards = self->context().shards();
    ShardNet& there = self->net().peer(home);
    self->depart();
    shards.post(home, [self = std::move(self), &there]() mutable {
        if (!self->arrive(there)) return;
        there.scope().spawn(kind, drive(std::move(self), Step::arrived));
    });
}

const core::C2sOptions& BoshConnection::options() const {
    return context().options<core::C2sOptions>(stream_.host());
}

// --- reading ------------------------------------------------------------------------------------

BoshConnection::Step BoshConnection::read() {
    settle_soon();
    const SteadyTime began = now();
    const std::size_t before = conversation().unread();
    const Step step = read_some();
    spend(before - std::min(before, conversation().unread()));
    const SteadyTime until = now();
    if (!detached_ && stream_.session()) stream_.session()->charge_work(until, until - began);
    return step;
}

BoshConnection::Step BoshConnection::read_some() {
    using Event = bosh::Conversation::Event;
    Step step = Step::read;
    while (step == Step::read) {
        if (!is_open()) on_detached();
        if (is_finished()) return Step::finish;
        if (!may_read()) return Step::wait;
        switch (conversation().next(limits())) {
            case Event::nothing: return Step::wait;
            case Event::open: step = on_open(); break;
            case Event::element: step = on_element(); break;
            case Event::terminate: on_terminate(); break;
            case Event::malformed: on_malformed(); break;
            case Event::refused: on_refused(); break;
        }
    }
    return step;
}

bool BoshConnection::may_read() {
    if (!may_receive()) return false;
    if (detached_ || !stream_.session()) return true;
    // Who does not ask for what it is answered is not read either, unless its answers wait for us.
    if (!has_send_room() && !conversation().is_behind()) return false;
    return stream_.session()->may_read();
}

xml::Limits BoshConnection::limits() const {
    return authenticated_ ? stanza_limits(options().max_stanza_size)
                          : stanza_limits_before_login(options());
}

BoshConnection::Step BoshConnection::on_open() {
    const bool begins = stream_.host().empty();
    trace_body(begins ? "" : " xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'");
    if (!begins && !std::exchange(restart_due_, false)) {
        begin_close(StreamErrorCondition::policy_violation,
                    "a stream restarts after a login, and only once");
        return Step::read;
    }
    return after(stream_.on_open(context(), conversation().header()));
}

BoshConnection::Step BoshConnection::on_element() {
    xml::Document element = conversation().take_element();
    trace_received(element.root());
    if (!stream_.session()) {
        element_ = std::move(element);
        return Step::negotiate;
    }
    if (!detached_) stream_.session()->on_element(std::move(element));
    return Step::read;
}

void BoshConnection::on_terminate() {
    trace_body(" type='terminate'");
    if (stream_.session() && !std::exchange(detached_, true)) stream_.session()->on_stream_closed();
    begin_close(std::nullopt, {});
}

/// It would send the same again: a session cannot be resumed after it.
void BoshConnection::on_malformed() {
    refuse(bosh::name(bosh::Condition::bad_request), conversation().error_text());
    if (stream_.session() && !std::exchange(detached_, true)) stream_.session()->on_stream_closed();
    end_session(bosh::Condition::bad_request);
}

void BoshConnection::on_refused() {
    const std::string why(conversation().error_text());
    if (stream_.session() && !std::exchange(detached_, true))
        stream_.session()->on_bad_xml(StreamErrorCondition::policy_violation, why, true);
    begin_close(StreamErrorCondition::policy_violation, why);
}

// --- negotiation --------------------------------------------------------------------------------

Task<BoshConnection::Step> BoshConnection::take_time(Step how) {
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

BoshConnection::Step BoshConnection::after(C2sStream::Next next) {
    if (!is_open()) return Step::read;
    switch (next) {
        case C2sStream::Next::read: return Step::read;
        case C2sStream::Next::restart: restart_due_ = true; return Step::read;
        case C2sStream::Next::move:
            return stream_.home() == context().shard().index() ? Step::arrived : Step::move;
        case C2sStream::Next::start_tls:
        case C2sStream::Next::close: break;
    }
    begin_close(std::nullopt, {});
    return Step::read;
}

void BoshConnection::note_authenticated() {
    if (!stream_.authenticated()) return;
    if (is_open() && stream_.session()) deadline_ = SteadyTime::max();
    if (std::exchange(authenticated_, true)) return;
    if (is_open() && !stream_.session()) deadline_ = now() + options().authentication_timeout;
    trust();
}

// --- SessionPort --------------------------------------------------------------------------------

void BoshConnection::write(const Stanza& stanza) {
    if (!is_open()) return;
    std::string text;
    framing().append_stanza(text, stanza.root(), ns::client);
    put(std::move(text));
    trace_sent(stanza.root());
}

void BoshConnection::write_xml(std::string_view xml) {
    if (!is_open() || xml.empty()) return;
    put(std::string(xml));
    trace_sent(xml);
}

bool BoshConnection::has_send_room() const { return waiting_to_be_sent() <= max_send_buffer() / 4; }

void BoshConnection::close(std::optional<StreamErrorCondition> error, std::string_view text,
                           const xml::Element* application) {
    detached_ = true;
    begin_close(error, text, application);
}

void BoshConnection::abandon() {
    detached_ = true;
    says_nothing_more_ = true;
}

/// The client begins another session, and resumes.
void BoshConnection::cut_off(bool flush) {
    detached_ = true;
    trace_note("its session is resumed at its new home");
    if (!flush) conversation().drop_output();
    end_session(bosh::Condition::remote_connection_failed);
}

core::ConnectionInfo BoshConnection::info() const {
    return {.address = peer().address, .encrypted = encrypted(), .network = peer().network};
}

// --- BoshStream ---------------------------------------------------------------------------------

core::TracedStream BoshConnection::traced() const {
    if (const core::Session* session = stream_.session().get())
        return {kind, session->jid().bare(), {}, session->jid().full()};
    return {kind, stream_.account().bare(), {}, peer().address};
}

std::string_view BoshConnection::counted_as() const {
    return stream_.authenticated() ? std::string_view(stream_.account().bare()) : network();
}

std::size_t BoshConnection::max_send_buffer() const {
    return static_cast<std::size_t>(options().max_send_buffer);
}

void BoshConnection::on_detached() {
    if (!stream_.session() || std::exchange(detached_, true)) return;
    stream_.session()->on_detached();
}

void BoshConnection::on_sent() {
    if (!tells_send_room_ || detached_ || !has_send_room()) return;
    tells_send_room_ = false;
    stream_.session()->on_send_room();
}

void BoshConnection::on_deadline() {
    counters().timeouts.add();
    begin_close(StreamErrorCondition::connection_timeout,
                authenticated_ ? "no session in time" : "not logged in in time");
    on_detached();
}

}  // namespace clarion::net
