#include "server/net/admin_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <list>

#include "base/log.h"
#include "server/runtime/scope.h"

namespace clarion::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Unix = asio::local::stream_protocol;
using Stream = beast::basic_stream<Unix>;

namespace {

constexpr Logger logger{"admin"};
constexpr std::size_t max_connections = 32;
constexpr std::size_t max_body = 16u << 20;
constexpr std::size_t first_read = 4096;
constexpr Duration io_limit = std::chrono::seconds(30);
/// Who connects has something to say.
constexpr Duration first_byte_limit = std::chrono::seconds(5);

/// Whether somebody listens on the socket at `path`.
bool is_answered(asio::any_io_executor executor, const std::string& path) {
    Unix::socket probe(executor);
    boost::system::error_code error;
    probe.connect(Unix::endpoint(path), error);
    return !error;
}

void note_asker(Stream& stream, AdminRequest& request) {
    ucred asker{};
    socklen_t size = sizeof asker;
    const int fd = stream.socket().native_handle();
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &asker, &size) != 0) return;
    request.user = asker.uid;
    request.process = asker.pid;
}

/// Who reads a feed says nothing more: anything but silence is the end.
bool is_gone(Stream& stream) {
    char byte = 0;
    const auto n = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

Task<> send_feed(Stream& stream, unsigned version, AdminResponse answer) {
    boost::system::error_code error;
    http::response<http::empty_body> head(http::status(answer.status), version);
    head.set(http::field::content_type, answer.content_type);
    head.keep_alive(false);
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer(head);
    auto head_token = asio::redirect_error(asio::use_awaitable, error);
    co_await http::async_write_header(stream, serializer, head_token);
    stream.expires_never();  // a reader that pauses loses lines, and goes on
    while (!error && !is_gone(stream)) {
        const std::string piece = co_await answer.feed->next();
        if (piece.empty()) continue;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await asio::async_write(stream, http::make_chunk(asio::buffer(piece)), token);
    }
}

}  // namespace

struct AdminSocket::Impl : std::enable_shared_from_this<AdminSocket::Impl> {
    Impl(core::Shard& s, AdminHandler h)
        : shard(s), handler(std::move(h)), acceptor(s.executor()), scope(s.executor()) {}

    core::Shard& shard;
    AdminHandler handler;
    Unix::acceptor acceptor;
    std::string path;
    core::Scope scope;
    std::size_t connections = 0;
    std::list<Stream*> asking;  // those of them whose next request is not there; longest first

    bool make_room();
    Task<> accept(std::shared_ptr<Impl> self);
    Task<> serve(std::shared_ptr<Impl> self, Stream stream);
    using Parser = http::request_parser<http::string_body>;
    Task<bool> read_request(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                            Duration patience);
    Task<bool> serve_one(Stream& stream, beast::flat_buffer& buffer, Duration patience);
};

AdminSocket::AdminSocket(core::Shard& shard, AdminHandler handler)
    : impl_(std::make_shared<Impl>(shard, std::move(handler))) {}
AdminSocket::~AdminSocket() = default;

Result<> AdminSocket::listen(const std::string& path) {
    const auto problem = [&](const std::string& what) {
        return fail("admin-socket", "admin socket " + path + ": " + what);
    };
    if (path.size() >= 108)
        return problem("the path is too long for a Unix socket (107 bytes at most)");
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
        return problem("there is something already that is not a socket");
    if (is_answered(impl_->shard.executor(), path)) return problem("another server answers there");
    ::unlink(path.c_str());
    boost::system::error_code error;
    impl_->acceptor.open(Unix(), error);
    const mode_t before = ::umask(0177);
    if (!error) impl_->acceptor.bind(Unix::endpoint(path), error);
    ::umask(before);
    if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return problem(error.message());
    impl_->path = path;
    impl_->scope.spawn("admin-accept", impl_->accept(impl_));
    return {};
}

Task<> AdminSocket::stop() {
    const auto impl = impl_;
    boost::system::error_code ignored;
    impl->acceptor.close(ignored);
    if (!impl->path.empty()) ::unlink(impl->path.c_str());
    impl->scope.cancel();
    co_await impl->scope.joined();
}

Task<> AdminSocket::Impl::accept([[maybe_unused]] std::shared_ptr<Impl> self) {
    while (acceptor.is_open()) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        Unix::socket socket = co_await acceptor.async_accept(token);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            logger.warning("accept-failed", {{"error", error.message()}});
            co_await shard.sleep(std::chrono::seconds(1));
        } else if (connections < max_connections || make_room()) {
            scope.spawn("admin-connection", serve(self, Stream(std::move(socket))));
        }
    }
}

/// Who has said nothing for the longest time goes. False: all are being answered.
bool AdminSocket::Impl::make_room() {
    if (asking.empty()) return false;
    asking.front()->close();
    asking.pop_front();
    return true;
}

Task<> AdminSocket::Impl::serve([[maybe_unused]] std::shared_ptr<Impl> self, Stream stream) {
    ++connections;
    beast::flat_buffer buffer;
    Duration patience = first_byte_limit;
    bool more = true;
    while (more) {
        more = co_await serve_one(stream, buffer, patience);
        patience = io_limit;
    }
    --connections;
}

/// False: nothing came in time, or the connection is over.
Task<bool> AdminSocket::Impl::read_request(Stream& stream, beast::flat_buffer& buffer,
                                           Parser& parser, Duration patience) {
    boost::system::error_code error;
    asking.push_back(&stream);
    if (buffer.size() == 0) {
        stream.expires_after(patience);
        auto first_token = asio::redirect_error(asio::use_awaitable, error);
        const auto room = buffer.prepare(first_read);
        const std::size_t size = co_await stream.async_read_some(room, first_token);
        buffer.commit(size);
    }
    if (!error) {
        stream.expires_after(io_limit);
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await http::async_read(stream, buffer, parser, token);
    }
    asking.remove(&stream);
    co_return !error;
}

/// False: the connection is over.
Task<bool> AdminSocket::Impl::serve_one(Stream& stream, beast::flat_buffer& buffer,
                                        Duration patience) {
    boost::system::error_code error;
    Parser parser;
    parser.body_limit(max_body);
    const bool has_come = co_await read_request(stream, buffer, parser, patience);
    if (!has_come) co_return false;
    auto request = parser.release();
    const bool keep = request.keep_alive();
    stream.expires_never();  // a command may take its time (s2s test)
    AdminRequest asked{std::string(request.method_string()), std::string(request.target()),
                       std::move(request.body())};
    note_asker(stream, asked);
    AdminResponse answer = co_await handler(std::move(asked));
    if (answer.feed) {
        co_await send_feed(stream, request.version(), std::move(answer));
        co_return false;
    }
    http::response<http::string_body> response(http::status(answer.status), request.version());
    response.set(http::field::content_type, answer.content_type);
    response.keep_alive(keep);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    stream.expires_after(io_limit);
    auto write_token = asio::redirect_error(asio::use_awaitable, error);
    co_await http::async_write(stream, response, write_token);
    co_return keep && !error;
}

}  // namespace clarion::net
