// HttpConnection: its life, what comes in, and time. How requests are answered is in
// http_answering.cpp.
#include "server/net/http/http_connection.h"

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"
#include "base/network_list.h"
#include "base/text.h"
#include "server/core/http_options.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/c2s/c2s_connection.h"
#include "server/net/http/forwarded.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"http"};

constexpr std::size_t head_read = 4096;
constexpr std::size_t body_read = 128 * 1024;
/// Who moves nothing for so long, or less than the least on average, is cut.
constexpr double grace_seconds = 30;
/// Once the last answer is written a client has so long to take it, and may send so much that
/// nobody reads.
constexpr Duration linger_limit = std::chrono::seconds(5);
constexpr std::size_t linger_bytes = 1 << 20;
/// Who connects to the administrator's socket has something to say.
constexpr HttpConnection::Patience admin_patience{.max_head = 65536,
                                                  .first_byte = std::chrono::seconds(5),
                                                  .head = std::chrono::seconds(30),
                                                  .idle = std::chrono::seconds(30),
                                                  .min_bytes_per_second = 1024};
constexpr std::size_t admin_connections = 32;

struct Connections {
    Gauge& open =
        metrics().gauge("clarion_connections", "Connections that are open", "type=\"http\"");
    Counter& accepted = metrics().counter("clarion_connections_accepted_total",
                                          "Connections accepted", "type=\"http\"");
    Counter& slow = metrics().counter("clarion_http_slow_peers_total",
                                      "Connections for HTTP that were cut as too slow");
};
Connections& counters() {
    static Connections all;
    return all;
}

HttpConnection::Patience patience_of(const core::HttpOptions& options) {
    return {.max_head = static_cast<std::size_t>(options.max_header_size),
            .first_byte = options.header_timeout,
            .head = options.header_timeout,
            .idle = options.idle_timeout,
            .min_bytes_per_second = options.min_bytes_per_second};
}

std::optional<ConnectionCounts::Place> admit(ShardNet& net, const Transport& transport) {
    const auto& options = net.context().options<core::HttpOptions>();
    const SocketAddress peer = transport.peer_address();
    const std::string network = peer.network();
    const bool trusted = NetworkList::of(options.trusted_proxies).contains(peer.ip());
    const auto& limits = net.context().options<ConnectionLimits>();
    auto place =
        net.counts().admit(ConnectionCounts::Kind::http, network,
                           {.per_network = trusted ? 0 : options.connections_per_address,
                            .unauthenticated = options.idle_connections,
                            .new_per_second = trusted ? 0 : limits.new_connections_per_second,
                            .now = net.context().clock().steady()});
    if (!place && net.context().refusals().admit(network, "too-many-connections"))
        logger.info("too-many-connections", {{"network", network}});
    return place;
}

}  // namespace

// --- from accept to the end ---------------------------------------------------------------------

void HttpConnection::accept(ShardNet& net, std::unique_ptr<Transport> transport) {
    accept_from_anybody(net, std::move(transport), false);
}

void HttpConnection::accept_tls(ShardNet& net, std::unique_ptr<Transport> transport) {
    accept_from_anybody(net, std::move(transport), true);
}

void HttpConnection::accept_from_anybody(ShardNet& net, std::unique_ptr<Transport> transport,
                                         bool tls) {
    auto place = admit(net, *transport);
    if (!place) return;
    const Patience patience = patience_of(net.context().options<core::HttpOptions>());
    start(net,
          std::make_unique<HttpConnection>(net, std::move(transport), std::move(*place),
                                           net.context().http_routes(), patience),
          tls);
}

void HttpConnection::accept_admin(ShardNet& net, std::unique_ptr<Transport> transport) {
    AdminRoutes* const admin = net.attached<AdminRoutes>();
    if (!admin || (admin->open.size() >= admin_connections && !make_room(*admin))) return;
    auto place = net.counts().admit(ConnectionCounts::Kind::admin, {}, {});
    if (!place) return;
    auto connection = std::make_unique<HttpConnection>(net, std::move(transport), std::move(*place),
                                                       admin->routes, admin_patience);
    connection->admin_ = admin;
    admin->open.push_back(connection.get());
    start(net, std::move(connection), false);
}

/// False: all are being answered.
bool HttpConnection::make_room(AdminRoutes& admin) {
    const auto waiting = std::find_if(admin.open.begin(), admin.open.end(), [](const auto* each) {
        return each->state_ == State::waiting && each->transport_->is_open();
    });
    if (waiting == admin.open.end()) return false;
    (*waiting)->cut("its place is needed");
    return true;
}

void HttpConnection::start(ShardNet& net, std::unique_ptr<HttpConnection> connection, bool tls) {
    counters().accepted.add();
    net.scope().spawn("http", serve(std::move(connection), tls));
}

HttpConnection::HttpConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                               ConnectionCounts::Place place, const core::HttpRoutes& routes,
                               Patience patience)
    : net_(&net),
      transport_(std::move(transport)),
      place_(std::move(place)),
      routes_(routes),
      patience_(patience),
      address_(transport_->peer_address().ip()),
      deadline_(net.context().clock().steady() + patience.first_byte) {
    transport_->set_sink(this);
    transport_->set_low_priority(true);
    net.join(*this);
    net.watch(*this);
    counters().open.add(1);
}

HttpConnection::~HttpConnection() {
    if (admin_) admin_->open.remove(this);
    net_->leave(*this);
    counters().open.add(-1);
}

Task<> HttpConnection::serve(std::unique_ptr<HttpConnection> self, bool tls) {
    HttpConnection& c = *self;
    bool more = true;
    if (tls) more = co_await c.secure();
    while (more) more = co_await c.serve_one();
    if (!c.hand_over_) {
        if (c.transport_->is_open()) co_await c.linger();
        co_return;
    }
    HandOver hand_over = std::move(c.hand_over_);
    std::unique_ptr<Transport> transport = std::move(c.transport_);
    ShardNet& net = *c.net_;
    self.reset();
    transport->set_sink(nullptr);
    hand_over(net, std::move(transport));
}

/// XMPP clients share the port: who asks for their protocol is theirs (XEP-0368).
Task<bool> HttpConnection::secure() {
    TlsSettings settings;
    settings.contexts = net_->tls();
    settings.turns = &net_->handshakes();
    settings.alpn = "http/1.1,xmpp-client";
    if (!settings.contexts) co_return false;
    deadline_ = net_->context().clock().steady() +
                net_->context().options<core::TlsOptions>().handshake_timeout;
    const Result<> done = co_await transport_->handshake(std::move(settings));
    if (!done) {
        if (net_->context().refusals().admit(place_.network(), "tls-failed"))
            logger.info("tls-failed",
                        {{"address", place_.network()}, {"error", done.error().text}});
        transport_->close();
        co_return false;
    }
    begin(State::waiting, patience_.first_byte);
    if (transport_->protocol() != "xmpp-client") co_return true;
    hand_over_ = [](ShardNet& net, std::unique_ptr<Transport> transport) {
        C2sConnection::accept_encrypted(net, std::move(transport));
    };
    co_return false;
}

// --- reading ------------------------------------------------------------------------------------

/// Reads what there is into in_, and waits until there is something. False: the connection is over.
Task<bool> HttpConnection::fill(std::size_t size) {
    for (;;) {
        if (!transport_->is_open() || (stopping_ && state_ == State::waiting)) co_return false;
        const Result<std::size_t> n = transport_->read(in_.prepare(size));
        if (!n) {
            transport_->close();
            co_return false;
        }
        in_.commit(*n);
        moved_ += *n;
        if (*n == size) co_await transport_->yield();  // others have their turn
        if (*n > 0) co_return true;
        in_.release_if_empty();
        co_await transport_->wait();
    }
}

/// Between two requests it may be silent for longer than in one.
Task<bool> HttpConnection::wait_for_first_byte() {
    bool there = !in_.empty();
    if (!there) there = co_await fill(head_read);
    if (there) begin(State::waiting, patience_.head);
    co_return there;
}

/// False: there is none, or none that can be answered.
Task<bool> HttpConnection::read_head(RequestParser& parser) {
    bool there = co_await wait_for_first_byte();
    while (there) {
        in_.consume(parser.put(in_.bytes()));
        if (parser.state() != RequestParser::State::head) co_return true;
        if (in_.size() > patience_.max_head) co_return true;  // the parser says so
        there = co_await fill(head_read);
    }
    co_return false;
}

/// The next piece of the body is parser.piece(), until anything else is read. False: there is none,
/// or body_broken_.
Task<bool> HttpConnection::next_piece(RequestParser& parser) {
    std::size_t used = 0;  // of what was given before
    while (parser.state() == RequestParser::State::body) {
        used = parser.put(in_.bytes());
        in_.consume(used);  // its bytes stay where they are
        if (!parser.piece().empty()) co_return true;
        if (used > 0 || parser.state() != RequestParser::State::body) continue;
        const bool there = co_await fill(body_read);
        if (there) continue;
        body_broken_ = true;
        co_return false;
    }
    body_broken_ = parser.state() == RequestParser::State::failed;
    co_return false;
}

/// A body that is kept whole; an answer if it is too long, or broken.
Task<std::optional<core::HttpResponse>> HttpConnection::read_body(RequestParser& parser,
                                                                  std::string& body,
                                                                  std::size_t most) {
    bool more = co_await next_piece(parser);
    while (more) {
        if (body.size() + parser.piece().size() > most)
            co_return core::http_text(413, "the body is too long");
        body += parser.piece();
        more = co_await next_piece(parser);
    }
    if (body_broken_) co_return core::http_text(parser.failure().status, parser.failure().text);
    co_return std::nullopt;
}

/// A little of a body that nobody wanted may be read, so that the next request can be. Who waits to
/// be asked for it may send it, or not: there is no next request then.
bool HttpConnection::may_discard_body(const RequestParser& parser) const {
    return !body_broken_ && !parser.awaits_continue() && length_ && *length_ <= body_read;
}

Task<bool> HttpConnection::discard_body(RequestParser& parser) {
    bool more = co_await next_piece(parser);
    while (more) more = co_await next_piece(parser);
    co_return !body_broken_;
}

core::HttpPeer HttpConnection::peer_of(const core::HttpRequest& request) const {
    core::HttpPeer peer;
    if (is_admin()) {
        transport_->identify(peer.user, peer.process);
        peer.encrypted = true;
        return peer;
    }
    peer.address = address_;
    peer.network = place_.network();
    peer.encrypted = transport_->encrypted();
    const auto& options = net_->context().options<core::HttpOptions>();
    if (!options.trusted_proxies.empty())
        apply_forwarded(request, NetworkList::of(options.trusted_proxies), peer);
    return peer;
}

// --- time ---------------------------------------------------------------------------------------

void HttpConnection::begin(State state, Duration limit) {
    state_ = state;
    deadline_ =
        limit == Duration::zero() ? SteadyTime::max() : net_->context().clock().steady() + limit;
    credit_ = grace_seconds;
    moved_ = 0;
    net_->watch(*this);
}

bool HttpConnection::sweep(SteadyTime now, Duration elapsed) {
    if (!transport_ || !transport_->is_open()) return false;
    if (now >= deadline_) cut("nothing was asked in time");
    if (state_ == State::waiting && place_.is_lost()) cut("its place is needed");
    if (state_ == State::moving) {
        const double seconds = std::chrono::duration<double>(elapsed).count();
        const auto least = static_cast<double>(patience_.min_bytes_per_second);
        credit_ += static_cast<double>(std::exchange(moved_, 0)) / least - seconds;
        credit_ = std::min(credit_, grace_seconds);
        if (credit_ < 0) {
            counters().slow.add();
            cut("too slow");
        }
    }
    return true;
}

void HttpConnection::cut(std::string_view why) {
    logger.debug("connection-cut", {{"peer", place_.network()}, {"why", why}});
    transport_->close();
}

void HttpConnection::stop_reading() {
    stopping_ = true;
    transport_->wake();
}

void HttpConnection::shut_down(StreamErrorCondition) { stop_reading(); }

std::size_t HttpConnection::memory() const {
    return heap_bytes(sizeof *this) + heap_bytes(sizeof *transport_) + in_.memory();
}

void HttpConnection::on_writable() { transport_->wake(); }

/// Nothing more will be said; what the client is still sending is not answered by a reset, which
/// could overtake our answer.
Task<> HttpConnection::linger() {
    begin(State::waiting, linger_limit);
    transport_->shut_down();
    std::size_t left = linger_bytes;
    while (transport_->is_open() && left > 0) {
        const std::span<char> buffer = net_->read_buffer();
        const Result<std::size_t> n = transport_->read(buffer);
        if (!n) break;
        left -= std::min(left, *n);
        if (*n == buffer.size())
            co_await transport_->yield();
        else
            co_await transport_->wait();
    }
    transport_->close();
}

}  // namespace clarion::net
