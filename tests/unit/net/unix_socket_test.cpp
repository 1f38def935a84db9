#include "server/net/unix_socket.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "server/net/http/http_connection.h"
#include "tests/unit/net/loop.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::Wire;

namespace {

Task<core::HttpResponse> greet(core::Context&, core::HttpRequest request) {
    co_return core::http_text(200, "hello " + std::to_string(request.peer.user));
}

FileDescriptor connect_to(const std::string& path) {
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

constexpr net::ListenerType admin{
    "admin", "", 0, nullptr, "", "", net::HttpConnection::accept_admin, net::DescriptorUse::client};

/// What comes until `word` has, or the end.
std::string read_until(Wire& wire, const FileDescriptor& from, std::string_view word) {
    std::string got;
    wire.run_until([&] {
        char buffer[4096];
        const auto size = ::recv(from.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size > 0) got.append(buffer, static_cast<std::size_t>(size));
        const bool ended = size == 0 || (size < 0 && errno != EAGAIN);
        return ended || got.find(word) != std::string::npos;
    });
    return got;
}

}  // namespace

TEST_CASE("silent connections to the admin socket do not keep out who has something to ask") {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin";
    net::HttpConnection::AdminRoutes routes;
    routes.routes.add({.path = "/v1/", .methods = {"POST"}, .handle = greet});
    Wire wire;
    wire.nets[0]->attach(&routes);
    auto socket = net::listen_on_unix_socket(path);
    REQUIRE(socket.ok());
    REQUIRE(wire.nets[0]->listen(admin, std::move(*socket)).ok());
    CHECK_FALSE(net::listen_on_unix_socket(path).ok());  // another server answers there
    std::vector<FileDescriptor> silent;
    for (int i = 0; i < 40; ++i) silent.push_back(connect_to(path));
    wire.settle();
    const FileDescriptor asker = connect_to(path);
    const std::string request = "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    CHECK(::send(asker.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
    const std::string got = read_until(wire, asker, "hello");
    CHECK(got.find(" 200 ") != std::string::npos);
    CHECK(got.find("hello " + std::to_string(::getuid())) != std::string::npos);
    wire.advance(std::chrono::seconds(1));
    char byte = 0;
    CHECK(::recv(silent.front().get(), &byte, 1, MSG_DONTWAIT) == 0);  // the oldest made room
    CHECK(::recv(silent.back().get(), &byte, 1, MSG_DONTWAIT) < 0);
    wire.advance(std::chrono::seconds(6));
    CHECK(::recv(silent.back().get(), &byte, 1, MSG_DONTWAIT) == 0);  // it said nothing in time
}

TEST_CASE("an admin socket is made where there is none, or a dead one") {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin";
    {
        const auto dead = net::listen_on_unix_socket(path);
        REQUIRE(dead.ok());
    }
    CHECK(net::listen_on_unix_socket(path).ok());
    CHECK_FALSE(net::listen_on_unix_socket(directory.path()).ok());
    CHECK_FALSE(net::listen_on_unix_socket(std::string(200, 'x')).ok());
}
