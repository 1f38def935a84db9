// Transport: the plain half, and the waiting.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cassert>
#include <cstring>

#include "server/net/transport/tls_layer.h"
#include "server/net/transport/transport.h"

namespace clarion::net {

namespace asio = boost::asio;

Transport::Transport(Poller& poller, FileDescriptor fd) : poller_(nullptr), socket_(std::move(fd)) {
    if (!join(poller)) close();
}

Transport::~Transport() {
    assert(!waiter_);
    close();
    if (poller_ != nullptr) poller_->forget(*this);
}

// --- reading and writing ------------------------------------------------------------------------

Result<std::size_t> Transport::read(std::span<char> out) {
    if (tls_) return read_tls(out);
    const Socket::Moved moved = socket_.receive(out);
    switch (moved.status) {
        case Socket::Status::ok: return moved.bytes;
        case Socket::Status::blocked: return std::size_t{0};
        case Socket::Status::closed: return fail("closed", "the peer closed the connection");
        case Socket::Status::failed: break;
    }
    return lost();
}

Result<std::size_t> Transport::write(std::string_view bytes) {
    return tls_ ? write_tls(bytes) : write_clear(bytes);
}

Result<std::size_t> Transport::write_clear(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        const Socket::Moved moved = socket_.send(bytes.substr(taken));
        if (moved.status == Socket::Status::blocked) {
            write_blocked_ = true;
            break;
        }
        if (moved.status != Socket::Status::ok) return lost();
        taken += moved.bytes;
    }
    return taken;
}

Error Transport::lost() const {
    if (!is_open()) return fail("closed", "the connection is closed");
    return fail("connection-lost", std::strerror(socket_.error));
}

void Transport::shut_down() {
    if (!is_open()) return;
    if (tls_) tls_->close_notify();
    ::shutdown(socket_.fd(), SHUT_WR);
}

void Transport::close() {
    if (!is_open()) return;
    if (poller_ != nullptr) poller_->remove(socket_.fd(), *this);
    socket_.close();
    if (poller_ != nullptr && waiter_) poller_->soon(*this);
}

void Transport::leave() {
    assert(!waiter_);
    if (poller_ == nullptr) return;
    poller_->forget(*this);
    if (is_open()) poller_->remove(socket_.fd(), *this);
    poller_ = nullptr;
}

Result<> Transport::join(Poller& poller) {
    poller_ = &poller;
    if (!is_open()) return fail("closed", "the connection is closed");
    socket_.readable = true;  // what happened in between was reported to nobody
    return poller.add(socket_.fd(), *this);
}

SocketAddress Transport::peer_address() const { return SocketAddress::peer_of(socket_.fd()); }

void Transport::identify(std::uint32_t& user, std::int32_t& process) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket_.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
    user = peer.uid;
    process = peer.pid;
}

void Transport::set_keepalive(const core::KeepaliveOptions& options) {
    using std::chrono::duration_cast;
    const auto set = [fd = socket_.fd()](int level, int name, std::int64_t value) {
        const int number = static_cast<int>(value);
        ::setsockopt(fd, level, name, &number, sizeof number);
    };
    const auto seconds = [](Duration time) {
        return std::max<std::int64_t>(1, duration_cast<std::chrono::seconds>(time).count());
    };
    const bool on = options.keepalive_idle > Duration::zero();
    set(SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT,
        duration_cast<std::chrono::milliseconds>(options.user_timeout).count());
    if (!on) return;
    set(IPPROTO_TCP, TCP_KEEPIDLE, seconds(options.keepalive_idle));
    set(IPPROTO_TCP, TCP_KEEPINTVL, seconds(options.keepalive_interval));
    set(IPPROTO_TCP, TCP_KEEPCNT, options.keepalive_count);
}

// --- waiting ------------------------------------------------------------------------------------

bool Transport::due() const {
    if (woken_ || !is_open()) return true;
    switch (awaited_) {
        case Awaited::nothing: return true;
        case Awaited::read: return socket_.readable || tls_has_more_;
        case Awaited::read_or_write: return socket_.readable || socket_.writable;
        case Awaited::wake: return false;
    }
    return true;
}

void Transport::on_ready(Ready ready) {
    if (ready.read) socket_.readable = true;
    if (ready.hang_up) socket_.hung_up = true;
    if (ready.write) {
        socket_.writable = true;
        if (std::exchange(write_blocked_, false) && sink_ != nullptr) sink_->on_writable();
    }
    if (waiter_ && due()) std::exchange(waiter_, {})();  // the transport may be gone afterwards
}

Task<> Transport::wait() { return suspend(Awaited::read); }
Task<> Transport::wait_for_wake() { return suspend(Awaited::wake); }

Task<> Transport::wait_until_connected() {
    socket_.readable = socket_.writable = false;
    return suspend(Awaited::read_or_write);
}

Task<> Transport::yield() {
    assert(!waiter_);
    awaited_ = Awaited::wake;
    auto start = [this](auto handler) { waiter_ = std::move(handler); };
    woken_ = true;
    if (poller_ != nullptr) poller_->yield(*this);
    co_await asio::async_initiate<const asio::deferred_t&, void()>(start, asio::deferred);
    woken_ = false;
}

void Transport::wake() {
    woken_ = true;
    if (poller_ != nullptr) poller_->soon(*this);
}

Task<> Transport::suspend(Awaited what) {
    assert(!waiter_);
    awaited_ = what;
    if (!due()) {
        auto start = [this](auto handler) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) {
                slot.assign([this](asio::cancellation_type) { wake(); });
            }
            waiter_ = std::move(handler);
        };
        co_await asio::async_initiate<const asio::deferred_t&, void()>(start, asio::deferred);
    }
    woken_ = false;
}

}  // namespace clarion::net
