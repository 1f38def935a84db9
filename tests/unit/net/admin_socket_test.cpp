#include "server/net/admin_socket.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file_descriptor.h"
#include "tests/unit/net/loop.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using clarion::test::Wire;

namespace {

Task<net::AdminResponse> greet(net::AdminRequest) {
    net::AdminResponse answer;
    answer.body = "hello";
    co_return answer;
}

Task<> stop(net::AdminSocket& socket, bool& stopped) {
    co_await socket.stop();
    stopped = true;
}

FileDescriptor connect_to(const std::string& path) {
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

}  // namespace

TEST_CASE("silent connections to the admin socket do not keep out who has something to ask") {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/admin";
    Wire wire;
    net::AdminSocket socket(wire.world.core(0).shard(), greet);
    REQUIRE(socket.listen(path).ok());
    std::vector<FileDescriptor> silent;
    for (int i = 0; i < 40; ++i) silent.push_back(connect_to(path));
    wire.settle();
    const FileDescriptor asker = connect_to(path);
    const std::string request = "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    CHECK(::send(asker.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
    std::string got;
    bool ended = false;
    wire.run_until([&] {
        char buffer[4096];
        const auto size = ::recv(asker.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size > 0) got.append(buffer, static_cast<std::size_t>(size));
        ended = size == 0 || (size < 0 && errno != EAGAIN);
        return ended || got.find("hello") != std::string::npos;
    });
    CHECK(got.find("200") != std::string::npos);
    char byte = 0;
    CHECK(::recv(silent.front().get(), &byte, 1, MSG_DONTWAIT) == 0);  // the oldest made room
    CHECK(::recv(silent.back().get(), &byte, 1, MSG_DONTWAIT) < 0);
    bool stopped = false;
    wire.world.core(0).scope().spawn("stop", stop(socket, stopped));
    wire.run_until([&] { return stopped; });
}
