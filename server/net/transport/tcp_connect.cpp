#include "server/net/transport/tcp_connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "server/net/transport/descriptor_use.h"

namespace clarion::net {

namespace {

const sockaddr* system_address(const SocketAddress& address) {
    return reinterpret_cast<const sockaddr*>(address.storage.data());
}

Error refused(int error, const SocketAddress& to) {
    return fail("remote-connection-failed", to.text() + ": " + std::strerror(error));
}

/// A socket on its way to `to`.
Result<FileDescriptor> begin(const SocketAddress& to, const SocketAddress& from) {
    const int family = to.is_ipv6() ? AF_INET6 : AF_INET;
    FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return refused(errno, to);
    if (!leaves_enough(fd, DescriptorUse::other)) return refused(EMFILE, to);
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from.size != 0 && from.is_ipv6() == to.is_ipv6()) {
        ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (::bind(fd.get(), system_address(from), from.size) != 0) return refused(errno, from);
    }
    const int result = ::connect(fd.get(), system_address(to), to.size);
    if (result != 0 && errno != EINPROGRESS) return refused(errno, to);
    return fd;
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace

Task<Result<std::unique_ptr<Transport>>> connect(core::Shard& shard, Poller& poller,
                                                 SocketAddress to, SocketAddress from,
                                                 Duration limit) {
    Result<FileDescriptor> begun = begin(to, from);
    if (!begun) co_return begun.error();
    const int fd = begun->get();
    auto transport = std::make_unique<Transport>(poller, std::move(*begun));
    bool late = false;
    const core::TimerId timer = shard.after(limit, [&transport, &late] {
        late = true;
        transport->wake();
    });
    co_await transport->wait_until_connected();
    shard.cancel(timer);
    if (late) co_return fail("connect-timeout", to.text() + ": no answer");
    if (!transport->is_open()) co_return fail("closed", "the connection is closed");
    if (const int error = pending_error(fd)) co_return refused(error, to);
    if (transport->peer_address().size == 0) co_return fail("closed", "connecting was cancelled");
    co_return std::move(transport);
}

}  // namespace clarion::net
