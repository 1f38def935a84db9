#include "server/net/proxy65/bytestream_connection.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/proxy65/bytestream_options.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"bytestream"};

/// How long a peer has to take what is left for it and to close too.
constexpr Duration close_limit = std::chrono::seconds(5);
/// What is read and thrown away, before the stream is active and after its end.
constexpr std::uint32_t most_ignored = 65536;

struct Traffic {
    Gauge& open =
        metrics().gauge("clarion_connections", "Connections that are open", "type=\"proxy65\"");
    Counter& accepted = metrics().counter("clarion_connections_accepted_total",
                                          "Connections accepted", "type=\"proxy65\"");
    Counter& bytes =
        metrics().counter("clarion_bytestream_bytes_total", "Bytes passed on in bytestreams");
};
Traffic& traffic() {
    static Traffic all;
    return all;
}

}  // namespace

// --- from accept to the end ---------------------------------------------------------------------

void BytestreamConnection::accept(ShardNet& net, std::unique_ptr<Transport> transport) {
    if (!net.attached<BytestreamRelay>()) return;
    core::Context& context = net.context();
    const auto& options = context.options<BytestreamOptions>();
    const SocketAddress peer = transport->peer_address();
    auto place = net.counts().admit(
        ConnectionCounts::Kind::bytestream, peer.network(),
        {.per_network = options.connections_per_address,
         .unauthenticated = options.max_waiting,
         .new_per_second = context.options<ConnectionLimits>().new_connections_per_second,
         .now = context.clock().steady()});
    if (!place) {
        if (context.refusals().admit(peer.network(), "too-many-connections"))
            logger.warning("too-many-connections", {{"address", peer.ip()}});
        return;
    }
    traffic().accepted.add();
    net.scope().spawn("bytestream", run(std::make_unique<BytestreamConnection>(
                                        net, std::move(transport), std::move(*place))));
}

BytestreamConnection::BytestreamConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                                           ConnectionCounts::Place place)
    : net_(&net),
      transport_(std::move(transport)),
      place_(std::move(place)),
      out_(net.buffers()),
      deadline_(now() + options().negotiation_timeout) {
    transport_->set_sink(this);
    transport_->set_low_priority(true);
    net.join(*this);
    net.watch(*this);
    traffic().open.add(1);
}

BytestreamConnection::~BytestreamConnection() {
    traffic().open.add(-1);
    if (!net_) return;
    if (stream_)
        if (auto* relay = net_->attached<BytestreamRelay>()) relay->leave(*this, *stream_);
    net_->leave(*this);
}

Task<> BytestreamConnection::run(Owner self) {
    BytestreamConnection& c = *self;
    const Negotiation::Step outcome = co_await c.negotiate();
    if (outcome != Negotiation::Step::asked) {
        co_await c.linger();
        co_return;
    }
    const auto* relay = c.net_->attached<BytestreamRelay>();
    if (relay->meeting_shard(c.negotiation_.address()) != c.context().shard().index()) {
        move(std::move(self));
        co_return;
    }
    co_await take_part(std::move(self));
}

void BytestreamConnection::move(Owner self) {
    BytestreamConnection& c = *self;
    const auto* relay = c.net_->attached<BytestreamRelay>();
    const unsigned shard = relay->meeting_shard(c.negotiation_.address());
    ShardNet& there = c.net_->peer(shard);
    core::ShardSet& shards = c.context().shards();
    c.net_->leave(c);
    c.transport_->leave();
    c.out_.rehome(there.buffers());
    c.net_ = nullptr;
    shards.post(shard, [self = std::move(self), &there]() mutable {
        BytestreamConnection& arriving = *self;
        arriving.net_ = &there;
        there.join(arriving);
        there.watch(arriving);
        if (there.stopping() || !arriving.transport_->join(there.poller())) return;
        there.scope().spawn("bytestream", take_part(std::move(self)));
    });
}

/// On the shard where its stream's connections meet.
Task<> BytestreamConnection::take_part(Owner self) {
    BytestreamConnection& c = *self;
    auto* const relay = c.net_->attached<BytestreamRelay>();
    if (!relay) co_return;
    c.stream_ = relay->join(c, c.negotiation_.address());
    using socks5::Reply;
    c.say(c.negotiation_.reply(c.stream_ ? Reply::succeeded : Reply::connection_refused));
    if (c.stream_) {
        c.deadline_ = c.now() + c.options().activation_timeout;
        co_await c.ignore_input(true);
        if (c.is_active()) co_await c.relay();
    }
    co_await c.linger();
}

Task<socks5::ServerNegotiation::Step> BytestreamConnection::negotiate() {
    auto step = Negotiation::Step::more;
    while (transport_->is_open()) {
        const std::span<char> buffer = net_->read_buffer();
        const Result<std::size_t> n = read(buffer);
        if (!n) break;
        std::string answer;
        if (*n > 0) step = negotiation_.feed({buffer.data(), *n}, answer);
        say(answer);
        if (step != Negotiation::Step::more) co_return step;
        co_await transport_->wait();
    }
    co_return Negotiation::Step::refused;
}

/// What belongs to no stream: until the peer says that it sends no more, or `until_active`.
Task<> BytestreamConnection::ignore_input(bool until_active) {
    while (transport_->is_open() && reading_ && !(until_active && is_active())) {
        const std::span<char> buffer = net_->read_buffer();
        const Result<std::size_t> n = read(buffer);
        if (!n) break;
        ignored_ += static_cast<std::uint32_t>(*n);
        if (ignored_ > most_ignored) cut("it sends what belongs to no stream");
        if (*n == buffer.size())
            co_await transport_->yield();
        else
            co_await transport_->wait();
    }
}

/// Until its peer has nothing more to say, and what the other said is with it.
Task<> BytestreamConnection::relay() {
    TurnQueue& turns = net_->attached<BytestreamRelay>()->turns();
    for (Got got = pass_on(); got != Got::end; got = pass_on()) {
        if (got == Got::all) {
            co_await transport_->wait();
            continue;
        }
        if (got != Got::more) co_await transport_->wait_for_wake();
        std::string network = place_.network();
        co_await transport_->wait_for_turn(turns, std::move(network));
    }
    while (transport_->is_open() && !said_end_) co_await transport_->wait_for_wake();
}

/// Says that no more will come, and waits a little for the peer to say the same: to close while
/// something is unread would take back what it has not read either.
Task<> BytestreamConnection::linger() {
    end_writing();
    while (transport_->is_open() && !said_end_) co_await transport_->wait_for_wake();
    deadline_ = std::min(deadline_, now() + close_limit);
    co_await ignore_input(false);
    transport_->close();
}

// --- reading ------------------------------------------------------------------------------------

BytestreamConnection::Got BytestreamConnection::pass_on() {
    BytestreamConnection* const other = stream_->other(*this);
    if (!other || !transport_->is_open()) return Got::end;
    if (!other->out_.empty()) return Got::no_room;
    if (!within_rates()) return Got::too_much;
    const std::span<char> buffer = net_->read_buffer();
    const Result<std::size_t> n = read(buffer);
    if (!n) {
        if (transport_->is_open()) other->end_writing();
        return Got::end;
    }
    if (*n > 0) other->take({buffer.data(), *n});
    return *n == buffer.size() ? Got::more : Got::all;
}

/// An end is the peer's last word, but it may still read; one that is lost is closed. Errors: that
/// nothing more comes.
Result<std::size_t> BytestreamConnection::read(std::span<char> buffer) {
    Result<std::size_t> n = transport_->read(buffer);
    if (n) return n;
    reading_ = false;
    if (!n.error().is("closed")) cut(n.error().text);
    return n;
}

bool BytestreamConnection::within_rates() {
    const auto& limits = options();
    const SteadyTime at = now();
    starved_ = !stream_->meter.may_go_on(at, limits.bytes_per_second) ||
               !stream_->place->may_go_on(at, limits.bytes_per_second_per_account);
    return !starved_;
}

// --- writing ------------------------------------------------------------------------------------

/// What the other connection has read.
void BytestreamConnection::take(std::string_view bytes) {
    stream_->moved_at = now();
    stream_->meter.spend(bytes.size());
    stream_->place->spend(bytes.size());
    traffic().bytes.add(bytes.size());
    const Result<std::size_t> taken = transport_->write(bytes);
    if (!taken) return cut(taken.error().text);
    if (*taken < bytes.size()) out_.text() += bytes.substr(*taken);
}

void BytestreamConnection::say(std::string_view bytes) {
    if (bytes.empty() || !transport_->is_open()) return;
    out_.text() += bytes;
    flush();
}

void BytestreamConnection::flush() {
    if (!transport_->is_open() || out_.empty()) return;
    const std::size_t before = out_.unsent();
    const Result<> flushed = out_.flush(*transport_, now());
    if (!flushed) return cut(flushed.error().text);
    if (stream_ && out_.unsent() < before) stream_->moved_at = now();
    if (!out_.empty()) return;
    if (auto* other = is_active() ? stream_->other(*this) : nullptr) other->transport_->wake();
    if (no_more_) end_writing();
}

/// Nothing more comes for the peer: it is told, behind what it has not taken yet.
void BytestreamConnection::end_writing() {
    no_more_ = true;
    if (said_end_ || !out_.empty()) return;
    said_end_ = true;
    transport_->shut_down();
    transport_->wake();
}

// --- its stream ---------------------------------------------------------------------------------

void BytestreamConnection::on_activated() {
    place_.note_authenticated();
    deadline_ = now() + options().max_duration;
    transport_->wake();
}

void BytestreamConnection::on_other_left() {
    if (!is_active()) return;  // another may come
    end_writing();
    transport_->wake();
}

// --- time ---------------------------------------------------------------------------------------

bool BytestreamConnection::sweep(SteadyTime now, Duration) {
    if (!transport_->is_open()) return false;
    if (now >= deadline_)
        cut("its time is over");
    else if (!is_active() && place_.is_lost())
        cut("its place is needed");
    else if (is_active() && now - stream_->moved_at >= options().idle_time)
        cut("nothing passes through its stream");
    else if (starved_)
        transport_->wake();
    return true;
}

void BytestreamConnection::shut_down(StreamErrorCondition) { cut("the server stops"); }

void BytestreamConnection::cut(std::string_view why) {
    logger.debug("connection-cut", {{"network", place_.network()}, {"why", why}});
    transport_->close();
}

SteadyTime BytestreamConnection::now() const { return context().clock().steady(); }

const BytestreamOptions& BytestreamConnection::options() const {
    return context().options<BytestreamOptions>();
}

std::size_t BytestreamConnection::memory() const {
    return heap_bytes(sizeof *this) + heap_bytes(sizeof *transport_) + negotiation_.memory() +
           out_.memory();
}

}  // namespace clarion::net
