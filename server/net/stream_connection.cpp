#include "server/net/stream_connection.h"

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/stanza_limits.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"net"};

/// How long a peer has to answer our closing tag, and to take what is left for it.
constexpr Duration close_limit = std::chrono::seconds(5);
/// Of its share of bytes, what a connection that was quiet may have read at once.
constexpr std::int64_t seconds_at_once = 4;
struct Traffic {
    Counter& read = metrics().counter("clarion_stream_bytes_read_total",
                                      "Bytes read from clients and components");
    Counter& written = metrics().counter("clarion_stream_bytes_written_total",
                                         "Bytes written to clients and components");
    Counter& slow = metrics().counter("clarion_stream_slow_peers_total",
                                      "Connections cut because the peer read too little");
};
Traffic& traffic() {
    static Traffic all;
    return all;
}

}  // namespace

StreamConnection::StreamConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                                   ConnectionCounts::Place place, std::string_view content_ns,
                                   xml::XmlStream::Form form)
    : parsers_(net.parsers()),
      transport_(std::move(transport)),
      xml_(*parsers_, stanza_limits_before_login(net.context().options<core::C2sOptions>()),
           content_ns, form),
      net_(&net),
      place_(std::move(place)),
      out_(net.buffers()),
      heard_at_(now()),
      input_left_(most_input()) {
    transport_->set_sink(this);
    transport_->set_low_priority(true);
    net.join(*this);
    net.watch(*this);
}

StreamConnection::~StreamConnection() {
    if (in_transit()) return;
    context().shard().forget(*this);
    net_->leave(*this);
}

// --- writing ------------------------------------------------------------------------------------

std::string& StreamConnection::out() {
    context().shard().at_turn_end(*this);
    return out_.text();
}

void StreamConnection::end_turn() { flush(); }
void StreamConnection::on_writable() { flush(); }

void StreamConnection::flush() {
    if (!transport_->is_open()) return;
    const std::size_t before = out_.unsent();
    if (before == 0) return;
    if (peer_is_gone_) return out_.clear();
    const Result<> flushed = out_.flush(*transport_, now());
    if (!flushed) return on_write_failed(flushed.error().text);
    traffic().written.add(before - out_.unsent());
    on_sent();
    if (out_.empty()) {
        if (!is_open() || (paused_ && waits_for_send_room())) transport_->wake();
        return;
    }
    net_->watch(*this);
    if (out_.over(max_send_buffer())) cut_slow("the peer left too much unread");
}

/// A client that says its last word and closes with something unread resets the connection. What it
/// said, the end of its stream for one, is here all the same: whoever reads gets it, then the end.
void StreamConnection::on_write_failed(std::string_view why) {
    if (!is_open()) return cut(why);
    trace_note(why);
    peer_is_gone_ = true;
    out_.clear();
    transport_->wake();
}

void StreamConnection::cut(std::string_view why) {
    const core::TracedStream stream = traced(nullptr);
    logger.debug("connection-cut", {{"kind", stream.kind}, {"peer", stream.name}, {"why", why}});
    trace_note(why);
    transport_->close();
}

std::string StreamConnection::address() const {
    std::string ip = transport_->peer_address().ip();
    return ip.empty() ? network() : ip;
}

/// Unlike a connection that is lost, this is our doing.
void StreamConnection::cut_slow(std::string_view why) {
    traffic().slow.add();
    context().refusals().on_stream(traced(nullptr), counted_as(), address(), "cut", why);
    cut(why);
}

// --- reading ------------------------------------------------------------------------------------

bool StreamConnection::may_receive() {
    if (!is_open()) return input_left_ > 0;
    if (reading_stopped_) return false;
    const std::int64_t limit = bytes_per_second();
    if (limit == 0) {
        limited_ = false;
        return true;
    }
    if (!std::exchange(limited_, true)) budget_ = limit * seconds_at_once;
    starved_ = budget_ <= 0;
    return !starved_;
}

StreamConnection::Got StreamConnection::receive() {
    active_ = true;
    net_->watch(*this);
    if (std::exchange(greedy_, false)) return Got::too_much;
    if (!may_receive()) return Got::not_now;
    const std::span<char> buffer = net_->read_buffer();
    const Result<std::size_t> n = transport_->read(buffer);
    if (!n) {
        cut(n.error().text);
        return Got::gone;
    }
    if (*n == 0 && peer_is_gone_) {
        cut("the peer takes nothing any more");
        return Got::gone;
    }
    if (*n == 0) return Got::nothing;
    traffic().read.add(*n);
    heard_at_ = now();
    if (limited_) budget_ -= static_cast<std::int64_t>(*n);
    greedy_ = *n == buffer.size();
    if (!spend_input(*n)) return Got::gone;
    feed(buffer.first(*n));
    return Got::bytes;
}

void StreamConnection::feed(std::span<char> bytes) { xml_.feed({bytes.data(), bytes.size()}); }

std::uint32_t StreamConnection::most_input() const {
    return static_cast<std::uint32_t>(context().options<ConnectionLimits>().unauthenticated_bytes);
}

/// Who has not logged in, or is done, has us parse only so much.
bool StreamConnection::spend_input(std::size_t bytes) {
    if (trusted_ && is_open()) return true;
    if (is_open() && bytes > input_left_) {
        begin_close(StreamErrorCondition::policy_violation, "too much before the login");
        return false;
    }
    input_left_ -= static_cast<std::uint32_t>(std::min<std::size_t>(bytes, input_left_));
    return true;
}

void StreamConnection::trust(std::int64_t max_stanza_size) {
    trusted_ = true;
    transport_->set_low_priority(false);
    place_.note_authenticated();
    xml_.set_limits(stanza_limits(max_stanza_size));
}

std::size_t StreamConnection::memory() const {
    return heap_bytes(object_size()) + heap_bytes(sizeof *transport_) + out_.memory() +
           xml_.memory();
}

void StreamConnection::stop_reading() { reading_stopped_ = true; }

// --- closing ------------------------------------------------------------------------------------

void StreamConnection::begin_close(std::optional<StreamErrorCondition> error, std::string_view text,
                                   std::string_view why, const xml::Element* application) {
    if (!is_open()) return;
    if (handshaking_) return cut("the stream ended during the TLS handshake");
    // That the server stops is no refusal, and would be a line for each stream.
    if (error && *error != StreamErrorCondition::system_shutdown)
        context().refusals().on_stream(traced(nullptr), counted_as(), address(), name(*error),
                                       why.empty() ? text : why);
    if (header_due_) write_header();
    std::string said;
    if (error) {
        framing().append_error(said, {*error, text, application});
        append_message(said);
        said.clear();
    }
    framing().append_end(said);
    append_message(said);
    append_transport_end(out());
    end_was_written();
}

void StreamConnection::append_message(std::string_view xml) {
    std::string& text = out();
    const std::size_t begin = begin_message(text);
    text += xml;
    end_message(text, begin);
    trace_sent(xml);
}

void StreamConnection::end_was_written() {
    phase_ = Phase::closing;
    deadline_ = now() + close_limit;
    input_left_ = most_input();
    net_->watch(*this);
    transport_->wake();
}

void StreamConnection::shut_down(StreamErrorCondition condition) {
    if (!is_open()) return;
    if (says_nothing_more_) {
        flush();
        return cut("its session is resumed after the restart");
    }
    begin_close(condition);
    on_detached();
}

// --- time ---------------------------------------------------------------------------------------

bool StreamConnection::sweep(SteadyTime now, Duration elapsed) {
    if (!transport_->is_open()) return false;
    if (now >= deadline_) pass_deadline();
    if (deadline_ != SteadyTime::max()) give_way();
    if (out_.stalled(now) > send_timeout()) cut_slow("the peer reads nothing");
    const bool refilling = refill(elapsed);
    const bool was_active = std::exchange(active_, false);
    if (!was_active) xml_.release_if_idle();
    return was_active || refilling || !out_.empty() || deadline_ != SteadyTime::max();
}

void StreamConnection::pass_deadline() {
    if (is_open()) return on_deadline();
    cut("the peer did not close in time");
}

std::optional<StreamErrorCondition> StreamConnection::must_give_way() {
    if (place_.is_lost()) return StreamErrorCondition::resource_constraint;
    return std::nullopt;
}

void StreamConnection::give_way() {
    if (!is_open()) return;
    const auto condition = must_give_way();
    if (!condition) return;
    begin_close(*condition, "its place is needed");
    on_detached();
}

/// Once a second a connection may read for one more second; what it leaves is kept for a while.
bool StreamConnection::refill(Duration elapsed) {
    const std::int64_t limit = limited_ ? bytes_per_second() : 0;
    if (limit == 0) budget_ = 0;
    const std::int64_t most = limit * seconds_at_once;
    budget_ = std::min(most, budget_ + limit * elapsed.count() / 1000);
    if (starved_ && (limit == 0 || budget_ > 0)) {
        starved_ = false;
        transport_->wake();
    }
    return limit != 0 && budget_ < most;
}

// --- moving -------------------------------------------------------------------------------------

void StreamConnection::depart(ShardNet& there) {
    context().shard().forget(*this);
    net_->leave(*this);
    transport_->leave();
    keep_rest();
    parsers_ = there.parsers();
    xml_.rehome(*parsers_);
    out_.rehome(there.buffers());
    net_ = nullptr;
}

bool StreamConnection::arrive(ShardNet& here) {
    net_ = &here;
    here.join(*this);
    here.watch(*this);
    if (here.stopping() || !transport_->join(here.poller())) return false;
    flush();
    return true;
}

}  // namespace clarion::net
