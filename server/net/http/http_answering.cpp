// HttpConnection: who answers a request, and how the answer is written.
#include <sys/uio.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "server/core/http/http_date.h"
#include "server/net/c2s/websocket_connection.h"
#include "server/net/http/bosh_endpoint.h"
#include "server/net/http/bosh_options.h"
#include "server/net/http/http_connection.h"
#include "server/net/http/page_origin.h"
#include "server/net/http/websocket_handshake.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"http"};

/// What is read of a file at a time, and then written.
constexpr std::size_t file_read = 256 * 1024;

struct Requests {
    Counter& answered = count("answered");
    Counter& refused = count("refused");
    Counter& failed = count("failed");

    static Counter& count(std::string_view what) {
        return metrics().counter("clarion_http_requests_total",
                                 "Requests over HTTP, by what became of them",
                                 "outcome=\"" + std::string(what) + "\"");
    }
};

void count(unsigned status) {
    static Requests requests;
    (status < 400 ? requests.answered : status < 500 ? requests.refused : requests.failed).add();
}

std::string joined(const core::HttpRoute& route) {
    std::string methods = "OPTIONS";
    for (const std::string_view each : route.methods) {
        methods.append(", ").append(each);
        if (each == "GET") methods.append(", HEAD");
    }
    return methods;
}

bool takes(const core::HttpRoute& route, std::string_view method) {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    return std::find(route.methods.begin(), route.methods.end(), wanted) != route.methods.end();
}

void allow_origins(const core::HttpRoute& route, core::HttpResponse& response) {
    if (route.cors == core::HttpCors::any_origin)
        response.fields.emplace_back("Access-Control-Allow-Origin", "*");
}

/// What may be asked of it, also for a browser that asks on behalf of a page of another site.
core::HttpResponse options_of(const core::HttpRoute& route) {
    core::HttpResponse response;
    response.status = 204;
    response.fields.emplace_back("Allow", joined(route));
    if (route.cors == core::HttpCors::no) return response;
    response.fields.emplace_back("Access-Control-Allow-Methods", joined(route));
    if (!route.cors_fields.empty())
        response.fields.emplace_back("Access-Control-Allow-Headers",
                                     std::string(route.cors_fields));
    response.fields.emplace_back("Access-Control-Max-Age", "7200");
    return response;
}

core::HttpResponse not_allowed(const core::HttpRoute& route) {
    core::HttpResponse response = core::http_text(405, "this cannot be asked of it");
    response.fields.emplace_back("Allow", joined(route));
    return response;
}

/// What may be asked where BOSH is.
core::HttpRoute bosh_route(const core::Context& context) {
    return {.path = {},
            .methods = {"GET", "POST"},
            .max_body = max_bosh_body(context),
            .cors = core::HttpCors::any_origin,
            .cors_fields = "Content-Type"};
}

/// A field's value must not begin another field, whatever it is made of.
void append_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        head += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
    head += "\r\n";
}

/// Whether an answer of this status has a body (RFC 9110, 6.4.1).
bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

// --- asking -------------------------------------------------------------------------------------

/// One request and its answer. False: it is the last. Who has sent many at once waits for its turn
/// after each.
Task<bool> HttpConnection::serve_one() {
    if (requests_ > 0 && !in_.empty()) co_await transport_->yield();
    begin(State::waiting,
          in_.empty() && keep_alive_ && requests_ > 0 ? patience_.idle : patience_.first_byte);
    RequestParser parser(patience_.max_head);
    const bool there = co_await read_head(parser);
    if (!there) co_return false;
    ++requests_;
    body_broken_ = false;
    if (parser.state() == RequestParser::State::failed ||
        parser.state() == RequestParser::State::head) {
        keep_alive_ = false;
        core::HttpResponse refusal =
            parser.state() == RequestParser::State::head
                ? core::http_text(431, "the head is too long")
                : core::http_text(parser.failure().status, parser.failure().text);
        co_return co_await respond(std::move(refusal), false, 11);
    }
    keep_alive_ = parser.keep_alive();
    core::HttpRequest request = parser.take_request();
    request.peer = peer_of(request);
    length_ = request.length;
    const bool more = co_await answer(parser, std::move(request));
    in_.release_if_empty();
    co_return more;
}

Task<bool> HttpConnection::answer(RequestParser& parser, core::HttpRequest request) {
    begin(State::thinking, Duration::zero());
    const auto& websocket = net_->context().options<WebsocketOptions>();
    if (!is_admin() && !websocket.path.empty() && request.path == websocket.path)
        co_return co_await upgrade(request, parser.version());
    const bool head_only = request.method == "HEAD";
    const unsigned version = parser.version();
    const std::string& bosh = net_->context().options<BoshOptions>().path;
    core::HttpResponse response;
    if (!is_admin() && !bosh.empty() && request.path == bosh) {
        response = co_await ask_bosh(parser, std::move(request));
    } else if (const core::HttpRoute* const route = routes_.find(request.path)) {
        // What is below it may be a secret: the address of a file is.
        logger.debug("request", {{"peer", request.peer.address},
                                 {"method", request.method},
                                 {"host", request.host},
                                 {"route", route->path}});
        response = co_await ask_route(parser, std::move(request), *route);
        allow_origins(*route, response);
    } else {
        response = core::http_text(404, "there is nothing here");
    }
    const bool unread = parser.state() != RequestParser::State::done;
    if (unread && !may_discard_body(parser)) keep_alive_ = false;
    bool more = co_await respond(std::move(response), head_only, version);
    if (more && unread) more = co_await discard_body(parser);
    co_return more;
}

Task<core::HttpResponse> HttpConnection::ask_route(RequestParser& parser, core::HttpRequest request,
                                                   const core::HttpRoute& route) {
    if (request.method == "OPTIONS") co_return options_of(route);
    if (!takes(route, request.method)) co_return not_allowed(route);
    if (route.receive && !request.is_get())
        co_return co_await stream_body(parser, std::move(request), route);
    if (request.length > route.max_body) co_return core::http_text(413, "the body is too long");
    if (parser.state() == RequestParser::State::body) {
        const bool goes_on = co_await ask_for_body(parser);
        if (!goes_on) co_return core::http_text(400, "the body did not come");
        std::optional<core::HttpResponse> refusal =
            co_await read_body(parser, request.body, route.max_body);
        if (refusal) co_return std::move(*refusal);
        begin(State::thinking, Duration::zero());
    }
    co_return co_await route.handle(net_->context(), std::move(request));
}

/// Its answers say themselves who may read them.
Task<core::HttpResponse> HttpConnection::ask_bosh(RequestParser& parser,
                                                  core::HttpRequest request) {
    const core::HttpRoute route = bosh_route(net_->context());
    std::optional<core::HttpResponse> here;
    if (request.method == "OPTIONS")
        here = options_of(route);
    else if (request.is_get())
        here = core::http_text(200, "XMPP clients speak BOSH here (XEP-0124).");
    else if (request.method != "POST")
        here = not_allowed(route);
    else if (!may_connect(request.field("Origin"), net_->context().options<BoshOptions>().origins))
        here = core::http_text(403, "pages of this origin may not connect");
    else if (request.length > route.max_body)
        here = core::http_text(413, "the body is too long");
    if (!here && parser.state() == RequestParser::State::body) {
        const bool goes_on = co_await ask_for_body(parser);
        if (!goes_on) co_return core::http_text(400, "the body did not come");
        here = co_await read_body(parser, request.body, route.max_body);
    }
    if (!here) co_return co_await hold(std::move(request));
    allow_origins(route, *here);
    co_return std::move(*here);
}

/// Until it is answered, or its client goes. What that sends meanwhile waits.
Task<core::HttpResponse> HttpConnection::hold(core::HttpRequest request) {
    struct Held {
        std::shared_ptr<HttpExchange> exchange;
        ~Held() { exchange->client_is_gone(); }
    };
    begin(State::thinking, Duration::zero());
    const Held held{
        std::make_shared<HttpExchange>(std::move(request), [this] { transport_->wake(); })};
    begin_bosh(*net_, held.exchange);
    while (!held.exchange->has_response() && is_there()) {
        if (in_.size() < patience_.max_head)
            co_await transport_->wait();
        else
            co_await transport_->wait_for_wake();
    }
    std::optional<core::HttpResponse> response = held.exchange->take_response();
    if (!response) co_return core::http_text(503, "the client is gone");
    co_return std::move(*response);
}

/// Takes what the client sends before it is asked.
bool HttpConnection::is_there() {
    constexpr std::size_t at_once = 4096;
    if (!transport_->is_open()) return false;
    if (in_.size() >= patience_.max_head) return true;
    const Result<std::size_t> n = transport_->read(in_.prepare(at_once));
    if (!n) {
        transport_->close();
        return false;
    }
    in_.commit(*n);
    in_.release_if_empty();
    return true;
}

/// Who waits for it is told that the body is wanted.
Task<bool> HttpConnection::ask_for_body(RequestParser& parser) {
    begin(State::moving, Duration::zero());
    bool goes_on = true;
    if (parser.awaits_continue()) goes_on = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    if (goes_on) parser.note_continue();
    co_return goes_on;
}

Task<core::HttpResponse> HttpConnection::stream_body(RequestParser& parser,
                                                     core::HttpRequest request,
                                                     const core::HttpRoute& route) {
    core::HttpReceipt receipt = co_await route.receive(net_->context(), std::move(request));
    if (auto* refusal = std::get_if<core::HttpResponse>(&receipt)) co_return std::move(*refusal);
    const auto sink = std::move(std::get<std::unique_ptr<core::HttpBodySink>>(receipt));
    bool more = co_await ask_for_body(parser);
    if (more) more = co_await next_piece(parser);
    while (more) {
        std::optional<core::HttpResponse> refusal = co_await sink->write(parser.piece());
        if (refusal) co_return std::move(*refusal);
        more = co_await next_piece(parser);
    }
    if (parser.state() != RequestParser::State::done)
        co_return core::http_text(parser.failure().status, "the body did not come whole");
    begin(State::thinking, Duration::zero());
    co_return co_await sink->finish();
}

Task<bool> HttpConnection::upgrade(const core::HttpRequest& request, unsigned version) {
    const auto& options = net_->context().options<WebsocketOptions>();
    std::optional<core::HttpResponse> refusal = refuse_websocket(request, options.origins);
    if (refusal) {
        keep_alive_ = false;
        co_return co_await respond(std::move(*refusal), request.method == "HEAD", version);
    }
    const std::string head = accept_websocket(request);
    const bool sent = co_await send(head);
    if (!sent) co_return false;
    count(101);
    WebsocketConnection::Start start{request.peer, std::string(in_.bytes())};
    hand_over_ = [start = std::move(start)](ShardNet& net,
                                            std::unique_ptr<Transport> transport) mutable {
        WebsocketConnection::accept(net, std::move(transport), std::move(start));
    };
    co_return false;
}

// --- writing ------------------------------------------------------------------------------------

/// False: the connection is over.
Task<bool> HttpConnection::respond(core::HttpResponse response, bool head_only, unsigned version) {
    begin(State::moving, Duration::zero());
    count(response.status);
    if (stopping_ || net_->stopping()) keep_alive_ = false;
    auto* const feed = std::get_if<std::unique_ptr<core::HttpFeed>>(&response.body);
    const auto* const file = std::get_if<core::HttpFile>(&response.body);
    const auto* const text = std::get_if<std::string>(&response.body);
    const bool chunked = feed && version == 11;
    if (feed) keep_alive_ = false;
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                      std::string(core::http_reason(response.status)) + "\r\n";
    append_field(out, "Date", core::format_http_date(net_->context().clock().wall()));
    for (const auto& [name, value] : response.fields) append_field(out, name, value);
    if (chunked)
        append_field(out, "Transfer-Encoding", "chunked");
    else if (!feed && may_have_body(response.status))
        append_field(out, "Content-Length", std::to_string(file ? file->size : text->size()));
    if (!keep_alive_)
        append_field(out, "Connection", "close");
    else if (version == 10)
        append_field(out, "Connection", "keep-alive");
    out += "\r\n";
    const bool has_body = !head_only && may_have_body(response.status);
    if (has_body && text) out += *text;
    bool sent = co_await send(out);
    if (sent && has_body && file) sent = co_await send_file(*file);
    if (sent && has_body && feed) sent = co_await send_feed(**feed, chunked);
    co_return sent&& keep_alive_;
}

Task<bool> HttpConnection::send(std::string_view bytes) {
    while (transport_->is_open()) {
        const Result<std::size_t> n = transport_->write(bytes);
        if (!n) break;
        moved_ += *n;
        bytes.remove_prefix(*n);
        if (bytes.empty()) co_return true;
        co_await transport_->wait_for_wake();
    }
    transport_->close();
    co_return false;
}

/// What the system has in memory is taken at once; what it must read from the disk a worker reads.
Task<bool> HttpConnection::send_file(const core::HttpFile& file) {
    const auto buffer =
        std::make_unique_for_overwrite<char[]>(std::min<std::uint64_t>(file.size, file_read));
    std::uint64_t done = 0;
    while (done < file.size) {
        const std::size_t wanted = std::min<std::uint64_t>(file.size - done, file_read);
        iovec into{buffer.get(), wanted};
        const int fd = file.file->get();
        const auto from = static_cast<off_t>(file.offset + done);
        ssize_t got = ::preadv2(fd, &into, 1, from, RWF_NOWAIT);
        if (got <= 0)
            co_await net_->context().shard().offload(
                [&] { got = ::pread(fd, buffer.get(), wanted, from); }, place_.network());
        if (got <= 0) break;  // it has become shorter: the client sees that it is not whole
        done += static_cast<std::uint64_t>(got);
        const bool sent = co_await send({buffer.get(), static_cast<std::size_t>(got)});
        if (!sent) co_return false;
        if (done < file.size) co_await transport_->yield();
    }
    if (done < file.size) transport_->close();
    co_return done == file.size;
}

/// Who reads a feed says nothing more: anything but silence is the end.
bool HttpConnection::is_gone() {
    char byte = 0;
    const Result<std::size_t> n = transport_->read({&byte, 1});
    return !n || *n > 0;
}

Task<bool> HttpConnection::send_feed(core::HttpFeed& feed, bool chunked) {
    begin(State::thinking,
          Duration::zero());  // a reader that pauses loses what is said, and goes on
    using End = core::HttpFeed::End;
    const auto goes_on = [&feed] { return feed.end() == End::none || feed.end() == End::ahead; };
    while (goes_on() && !stopping_ && !is_gone()) {
        const std::string piece = co_await feed.next();
        if (piece.empty()) continue;
        std::string out;
        if (chunked) {
            char size[24];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            out.append(size).append(piece).append("\r\n");
        }
        const std::string_view whole = chunked ? std::string_view(out) : piece;
        // Of what has an end nobody needs to pause: who does not read it is cut, as of a file.
        if (feed.end() == End::ahead) begin(State::moving, Duration::zero());
        const bool sent = co_await send(whole);
        if (!sent) co_return false;
        begin(State::thinking, Duration::zero());
    }
    const bool whole = feed.end() == End::none || feed.end() == End::reached;
    if (!whole) transport_->close();
    if (chunked && transport_->is_open()) co_return co_await send("0\r\n\r\n");
    co_return false;
}

}  // namespace clarion::net
