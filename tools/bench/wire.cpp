#include "tools/bench/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace clarion::bench {

namespace {

constexpr std::size_t read_size = 65536;

sockaddr_in ipv4(std::uint32_t address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = address;
    result.sin_port = htons(port);
    return result;
}

int open_socket(const Endpoint& endpoint) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (endpoint.source != 0) {
        ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        const auto source = ipv4(endpoint.source, 0);
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&source), sizeof source);
    }
    return descriptor;
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

void Wire::connect(const Endpoint& endpoint) {
    descriptor_ = open_socket(endpoint);
    if (descriptor_ < 0) return lose(std::strerror(errno));
    const auto target = ipv4(endpoint.address, endpoint.port);
    state_ = State::connecting;
    wants_write_ = true;
    loop_.watch(descriptor_, *this, true);
    const int result =
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&target), sizeof target);
    if (result != 0 && errno != EINPROGRESS) lose(std::strerror(errno));
}

void Wire::secure(const TlsContext& context, const std::string& server_name, bool direct) {
    tls_ = std::make_unique<TlsSession>(context, descriptor_, server_name, direct);
    state_ = State::handshaking;
    handshake();
}

void Wire::send(std::string_view bytes) {
    if (!is_open()) return;
    out_ += bytes;
    if (at_round_end_) return;
    at_round_end_ = true;
    loop_.at_round_end(*this);
}

void Wire::close() {
    if (!is_open()) return;
    if (state_ == State::open && !out_.empty())
        write_some(std::string_view(out_).substr(out_done_));
    if (!is_open()) return;
    tls_.reset();
    loop_.forget(descriptor_);
    ::close(descriptor_);
    descriptor_ = -1;
    out_ = {};
    out_done_ = 0;
}

void Wire::on_round_end() {
    at_round_end_ = false;
    if (is_open() && state_ == State::open && !wants_write_) flush();
}

void Wire::on_ready(std::uint32_t events) {
    if (!is_open()) return;
    if (state_ == State::connecting) return finish_connect();
    if (state_ == State::handshaking) return handshake();
    if (events & EPOLLOUT) flush();
    if (is_open() && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
}

void Wire::finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose(std::string("connect: ") + std::strerror(error));
    state_ = State::open;
    want_write(false);
    owner_.on_connected();
}

void Wire::handshake() {
    switch (tls_->handshake()) {
        case TlsOutcome::done:
            state_ = State::open;
            want_write(false);
            return owner_.on_secured();
        case TlsOutcome::want_read: return want_write(false);
        case TlsOutcome::want_write: return want_write(true);
        default: return lose("TLS handshake failed");
    }
}

void Wire::read() {
    static std::array<char, read_size> chunk;
    while (is_open() && state_ == State::open) {
        const auto count = read_some(chunk.data(), chunk.size());
        if (count <= 0) return;
        owner_.on_bytes({chunk.data(), static_cast<std::size_t>(count)});
        // A short read emptied the socket; TLS must be asked until it wants more.
        if (!tls_ && static_cast<std::size_t>(count) < chunk.size()) return;
    }
}

void Wire::flush() {
    while (out_done_ < out_.size()) {
        const auto count = write_some(std::string_view(out_).substr(out_done_));
        if (count < 0) return;
        if (count == 0) return want_write(true);
        out_done_ += static_cast<std::size_t>(count);
    }
    out_.clear();
    out_done_ = 0;
    want_write(false);
}

std::ptrdiff_t Wire::read_some(char* data, std::size_t size) {
    if (tls_) {
        std::size_t count = 0;
        const auto outcome = tls_->read(data, size, count);
        if (outcome == TlsOutcome::done) return static_cast<std::ptrdiff_t>(count);
        if (outcome == TlsOutcome::want_read || outcome == TlsOutcome::want_write) return 0;
        lose("the server closed the connection");
        return -1;
    }
    const auto count = ::recv(descriptor_, data, size, 0);
    if (count > 0) return count;
    if (count < 0 && would_block()) return 0;
    lose(count == 0 ? "the server closed the connection" : std::strerror(errno));
    return -1;
}

std::ptrdiff_t Wire::write_some(std::string_view data) {
    if (tls_) {
        std::size_t count = 0;
        const auto outcome = tls_->write(data, count);
        if (outcome == TlsOutcome::done) return static_cast<std::ptrdiff_t>(count);
        if (outcome == TlsOutcome::want_read || outcome == TlsOutcome::want_write) return 0;
        lose("TLS write failed");
        return -1;
    }
    const auto count = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (count >= 0) return count;
    if (would_block()) return 0;
    lose(std::strerror(errno));
    return -1;
}

void Wire::want_write(bool wanted) {
    if (wanted == wants_write_) return;
    wants_write_ = wanted;
    loop_.rewatch(descriptor_, *this, wanted);
}

void Wire::lose(std::string_view reason) {
    const std::string why(reason);
    out_.clear();
    out_done_ = 0;
    close();
    owner_.on_lost(why);
}

}  // namespace clarion::bench
