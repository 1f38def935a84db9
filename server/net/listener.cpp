#include "server/net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "server/net/transport/socket_address.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"listen"};

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

Error failed(std::string_view what, const SocketAddress& address) {
    const int error = errno;
    if (error == EADDRINUSE) return fail("port-in-use", "port in use: " + address.text());
    return fail("listen-failed",
                std::string(what) + " " + address.text() + ": " + std::strerror(error));
}

/// A socket bound to `address`, alone (`shared` false) or beside others of its kind.
Result<FileDescriptor> bound(const SocketAddress& address, bool shared) {
    const int family = address.is_ipv6() ? AF_INET6 : AF_INET;
    FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return failed("cannot open a socket for", address);
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted ones inherit it
    const auto* raw = reinterpret_cast<const sockaddr*>(address.storage.data());
    if (::bind(fd.get(), raw, address.size) != 0) return failed("cannot bind", address);
    return fd;
}

Result<FileDescriptor> listening(const SocketAddress& address, bool shared) {
    Result<FileDescriptor> fd = bound(address, shared);
    if (fd && ::listen(fd->get(), backlog) != 0) return failed("cannot listen on", address);
    return fd;
}

/// Without IPv6 in the kernel, "::" still means everything there is.
Result<SocketAddress> address_to_bind(const std::string& ip, std::uint16_t port) {
    if (ip != "::") return SocketAddress::parse(ip, port);
    const FileDescriptor probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return SocketAddress::parse(probe ? "::" : "0.0.0.0", port);
}

}  // namespace

Result<OpenPort> open_port(const ListenOptions& options, unsigned shards, bool any_port) {
    const auto type = find_listener_type(options.type);
    if (!type) return type.error();
    auto port = static_cast<std::uint16_t>(options.port);
    if (port == 0 && !any_port) port = (*type)->usual_port;
    Result<SocketAddress> address = address_to_bind(options.address, port);
    if (!address) return address.error();
    if (port != 0) {
        // SO_REUSEPORT alone would share the port with another server of the same user. The probe
        // must listen: with SO_REUSEADDR, binding alone succeeds beside a bound socket.
        const Result<FileDescriptor> probe = listening(*address, false);
        if (!probe) return probe.error();
    }
    OpenPort open{*type, port, {}};
    for (unsigned i = 0; i < shards; ++i) {
        Result<FileDescriptor> socket = listening(*address, true);
        if (!socket) return socket.error();
        if (open.port == 0) {
            *address = SocketAddress::local_of(socket->get());
            open.port = address->port();
        }
        open.sockets.push_back(std::move(*socket));
    }
    return open;
}

// --- Listener -----------------------------------------------------------------------------------

Listener::Listener(Poller& poller, FileDescriptor socket, Accepted accepted)
    : poller_(poller), socket_(std::move(socket)), accepted_(std::move(accepted)) {}

Listener::~Listener() {
    poller_.forget(*this);
    poller_.remove(socket_.get(), *this);
}

Result<> Listener::start() { return poller_.add(socket_.get(), *this); }

void Listener::on_ready(Ready) {
    if (!paused_) accept_some();
}

void Listener::retry() {
    if (!paused_) return;
    paused_ = false;
    accept_some();
}

void Listener::accept_some() {
    // With what each has sent, before others have their turn.
    for (std::size_t left = poller_.strangers_per_turn(); left > 0; --left) {
        FileDescriptor socket(
            ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            accepted_(std::move(socket));
        } else if (!survive(errno)) {
            return;
        }
    }
    poller_.soon(*this);
}

bool Listener::survive(int error) {
    switch (error) {
        case EAGAIN: return false;  // all taken
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            paused_ = true;
            logger.error("accept-paused", {{"error", std::strerror(error)}});
            return false;
        default:
            return true;  // that one connection failed: ECONNABORTED, network errors (accept(2))
    }
}

}  // namespace clarion::net
