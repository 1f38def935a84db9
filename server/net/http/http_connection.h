// HttpConnection: one connection on which requests are asked and answered, one after the other
// (RFC 9112).
//
// One coroutine, which owns it: reads a head, finds who answers (routes of modules, WebSocket,
// BOSH), gives them the body, writes the answer. A connection that becomes a stream (WebSocket, or
// XMPP by ALPN) is handed over with its transport. Deadlines and rates are checked once a second
// ([http] in docs/options.md); an idle connection holds no buffer.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "server/core/http/http_routes.h"
#include "server/net/connection_counts.h"
#include "server/net/http/byte_buffer.h"
#include "server/net/http/http_exchange.h"
#include "server/net/http/request_parser.h"
#include "server/net/shard_net.h"
#include "server/net/transport/transport.h"

namespace clarion::net {

class HttpConnection final : public Connection, private WritableSink {
public:
    /// Take over an accepted socket, unless a limit is reached.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport);
    static void accept_tls(ShardNet& net, std::unique_ptr<Transport> transport);
    /// A Unix socket of the administrator's: what is asked there is answered by AdminRoutes.
    static void accept_admin(ShardNet& net, std::unique_ptr<Transport> transport);

    /// The administrator's own routes, attached to the shard that listens for them, and the
    /// connections there: who has said nothing for longest makes room for one more.
    struct AdminRoutes {
        core::HttpRoutes routes;
        std::list<HttpConnection*> open{};  // oldest first
    };

    /// How patient it is, by who connects.
    struct Patience {
        std::size_t max_head;
        Duration first_byte, head, idle;
        std::int64_t min_bytes_per_second;
    };

    HttpConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                   ConnectionCounts::Place place, const core::HttpRoutes& routes,
                   Patience patience);
    ~HttpConnection();

    // Connection
    bool sweep(SteadyTime now, Duration elapsed) override;
    void shut_down(StreamErrorCondition condition) override;
    void stop_reading() override;
    std::size_t memory() const override;

private:
    enum class State : std::uint8_t {
        waiting,   // for a request, or for the rest of its head
        moving,    // a body comes, or an answer goes
        thinking,  // somebody makes the answer: no time limit of ours
    };
    /// What becomes of a connection when its last request is answered.
    using HandOver = UniqueFunction<void(ShardNet&, std::unique_ptr<Transport>)>;

    static void accept_from_anybody(ShardNet& net, std::unique_ptr<Transport> transport, bool tls);
    static void start(ShardNet& net, std::unique_ptr<HttpConnection> connection, bool tls);
    static Task<> serve(std::unique_ptr<HttpConnection> self, bool tls);
    void on_writable() override;

    // Coming in.
    Task<bool> secure();
    Task<bool> fill(std::size_t size);
    Task<bool> wait_for_first_byte();
    Task<bool> read_head(RequestParser& parser);
    Task<bool> next_piece(RequestParser& parser);
    Task<std::optional<core::HttpResponse>> read_body(RequestParser& parser, std::string& body,
                                                      std::size_t most);
    bool may_discard_body(const RequestParser& parser) const;
    Task<bool> discard_body(RequestParser& parser);
    core::HttpPeer peer_of(const core::HttpRequest& request) const;

    // Answering.
    Task<bool> serve_one();
    Task<bool> answer(RequestParser& parser, core::HttpRequest request);
    Task<core::HttpResponse> ask_route(RequestParser& parser, core::HttpRequest request,
                                       const core::HttpRoute& route);
    Task<core::HttpResponse> stream_body(RequestParser& parser, core::HttpRequest request,
                                         const core::HttpRoute& route);
    Task<core::HttpResponse> ask_bosh(RequestParser& parser, core::HttpRequest request);
    Task<core::HttpResponse> hold(core::HttpRequest request);
    bool is_there();
    Task<bool> ask_for_body(RequestParser& parser);
    Task<bool> upgrade(const core::HttpRequest& request, unsigned version);

    // Going out.
    Task<bool> respond(core::HttpResponse response, bool head_only, unsigned version);
    Task<bool> send(std::string_view bytes);
    Task<bool> send_file(const core::HttpFile& file);
    Task<bool> send_feed(core::HttpFeed& feed, bool chunked);
    bool is_gone();
    Task<> linger();

    void begin(State state, Duration limit);
    void cut(std::string_view why);
    bool is_admin() const { return admin_ != nullptr; }
    static bool make_room(AdminRoutes& admin);

    ShardNet* net_;
    std::unique_ptr<Transport> transport_;
    ConnectionCounts::Place place_;
    const core::HttpRoutes& routes_;
    const Patience patience_;
    const std::string address_;  // of who has connected; empty on a Unix socket
    AdminRoutes* admin_ = nullptr;         // it is one of theirs
    std::optional<std::uint64_t> length_;  // of the body, as it was said
    ByteBuffer in_;
    HandOver hand_over_;
    SteadyTime deadline_;
    double credit_ = 0;  // seconds that it may go on without moving a byte
    std::uint64_t moved_ = 0;
    std::uint64_t requests_ = 0;
    State state_ = State::waiting;
    bool keep_alive_ = true;
    bool stopping_ = false;
    bool body_broken_ = false;  // it did not come whole
};

}  // namespace clarion::net
