#include "server/net/stream_driver.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/trace.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::net {

template <class Owner>
Task<> StreamDriver::drive(Owner self, Step first) {
    StreamDriver& c = *self;
    Step step = first;
    while (c.transport_->is_open() && step != Step::finish) {
        switch (step) {
            case Step::parse: step = c.parse(); break;
            case Step::read: step = c.read(); break;
            case Step::wait:
                co_await c.transport_->wait();
                step = Step::read;
                break;
            case Step::yield:
                co_await c.transport_->yield();
                step = Step::read;
                break;
            case Step::pause:
                c.keep_rest();
                c.paused_ = true;
                co_await c.transport_->wait_for_wake();
                c.paused_ = false;
                if (c.may_go_on()) step = Step::parse;
                break;
            case Step::move: move(std::move(self)); co_return;
            default: step = co_await c.do_at_length(step);
        }
        if (!c.is_open() && c.ends_at_once()) step = Step::finish;
    }
    c.on_detached();
    if (c.transport_->is_open()) co_await c.linger();
}

StreamDriver::Step StreamDriver::read() {
    switch (receive()) {
        case Got::bytes: return Step::parse;
        case Got::nothing: return Step::wait;
        case Got::too_much: return Step::yield;
        case Got::not_now: return Step::pause;
        case Got::gone: break;
    }
    return Step::finish;
}

StreamDriver::Step StreamDriver::parse() {
    noted_at_ = now();
    for (;;) {
        Step step = Step::parse;
        switch (xml_.next()) {
            case xml::XmlStream::Event::need_more:
                step = on_need_more();
                if (step != Step::parse) note_work();
                break;
            case xml::XmlStream::Event::open:
                if (is_open()) step = on_header();
                break;
            case xml::XmlStream::Event::element: step = parse_element(); break;
            case xml::XmlStream::Event::close: return on_end();
            case xml::XmlStream::Event::error:
                on_bad_xml();
                begin_close(xml_.error(), xml_.error_text());
                return Step::finish;
        }
        if (step != Step::parse) return step;
    }
}

StreamDriver::Step StreamDriver::on_end() {
    trace_end();
    on_peer_closed();
    begin_close(std::nullopt);
    return Step::finish;
}

StreamDriver::Step StreamDriver::parse_element() {
    xml::Document element = xml_.take();
    if (!is_open()) return Step::parse;
    trace_received(element.root());
    const Step step = on_element(std::move(element));
    note_work();
    return step != Step::parse || may_go_on() ? step : Step::pause;
}

void StreamDriver::note_work() {
    const SteadyTime until = now();
    on_worked(until, until - std::exchange(noted_at_, until));
}

bool StreamDriver::may_go_on() {
    if (!is_open()) return true;
    return !reading_stopped_ && has_room();
}

StreamDriver::Step StreamDriver::restart() {
    const std::string rest = xml_.restart();
    xml_.feed(rest);
    xml_.keep_rest();
    header_due_ = true;
    return Step::parse;
}

void StreamDriver::go_on_if_paused() {
    if (paused_ && may_go_on()) transport_->wake();
}

bool StreamDriver::waits_for_deliveries(std::weak_ptr<StreamDriver> self) {
    core::DeliveryQueue& deliveries = context().deliveries();
    if (!deliveries.is_behind()) return false;
    if (std::exchange(waits_for_deliveries_, true)) return true;
    deliveries.push([weak = std::move(self)](core::Context&) {
        const auto stream = weak.lock();
        if (!stream) return;
        stream->waits_for_deliveries_ = false;
        stream->go_on_if_paused();
    });
    return true;
}

/// No coroutine itself, so that drive(), whose frame every idle connection keeps, awaits one thing.
Task<StreamDriver::Step> StreamDriver::do_at_length(Step step) {
    if (step == Step::start_tls) return secure(false);
    if (step == Step::direct_tls) return secure(true);
    return take_time(step);
}

Task<StreamDriver::Step> StreamDriver::take_time(Step) { co_return Step::finish; }

Task<StreamDriver::Step> StreamDriver::secure(bool direct_tls) {
    flush();
    // What came in the clear behind <starttls/> could have been put there by anybody.
    const bool injected = !xml_.restart_for_tls();
    if (injected || waiting_to_be_sent() > 0 || !net().tls()) {
        cut(injected ? "text in the clear after starttls" : "TLS cannot be started");
        co_return Step::finish;
    }
    TlsSettings settings = tls_settings();
    settings.contexts = net().tls();
    settings.turns = &net().handshakes();
    if (!direct_tls) settings.alpn.clear();
    settings.after_text = !direct_tls;
    const SteadyTime until = std::exchange(deadline_, std::min(deadline_, handshake_deadline()));
    handshaking_ = true;
    const Result<> done = co_await transport_->handshake(std::move(settings));
    handshaking_ = false;
    if (!done) {
        on_tls_failed(done.error().text);
        cut("the TLS handshake failed");
        co_return Step::finish;
    }
    deadline_ = until;
    header_due_ = true;
    on_encrypted();
    co_return Step::read;
}

Task<> StreamDriver::linger() {
    flush();
    if (peer_is_gone()) transport_->close();
    while (transport_->is_open() && waiting_to_be_sent() > 0) co_await transport_->wait_for_wake();
    transport_->shut_down();
    const std::span<char> buffer = net().read_buffer();
    while (transport_->is_open()) {
        if (!may_receive()) {  // until its time is over
            co_await transport_->wait_for_wake();
            continue;
        }
        const Result<std::size_t> n = transport_->read(buffer);
        if (!n) break;
        spend_input(*n);
        if (*n == buffer.size()) {
            co_await transport_->yield();
        } else {
            co_await transport_->wait();
        }
    }
    transport_->close();
}

void StreamDriver::trace_header(const xml::StreamHeader& header) const {
    core::Trace* const trace = context().trace();
    if (!trace) return;
    std::string text;
    framing().append_header(text, {.content_ns = header.content_ns,
                                   .from = header.from,
                                   .to = header.to,
                                   .id = header.id,
                                   .version = header.version,
                                   .lang = header.lang});
    trace->on_text(traced(nullptr), core::TraceEvent::received, text);
}

void StreamDriver::trace_end() const {
    core::Trace* const trace = context().trace();
    if (!trace) return;
    std::string text;
    framing().append_end(text);
    trace->on_text(traced(nullptr), core::TraceEvent::received, text);
}

template <class Owner>
void StreamDriver::move(Owner self) {
    StreamDriver& c = *self;
    const unsigned home = c.home();
    ShardNet& there = c.net().peer(home);
    core::ShardSet& shards = c.context().shards();
    c.flush();
    c.depart(there);
    shards.post(home, [self = std::move(self), &there]() mutable {
        StreamDriver& arriving = *self;
        if (!arriving.arrive(there)) return;
        const Step first = arriving.on_arrived();
        there.scope().spawn(arriving.kind(), drive(std::move(self), first));
    });
}

template Task<> StreamDriver::drive(std::unique_ptr<StreamDriver>, Step);
template Task<> StreamDriver::drive(std::shared_ptr<StreamDriver>, Step);

}  // namespace clarion::net
