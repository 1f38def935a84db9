#include "tests/script/runner/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/xml_stream.h"

namespace clarion::script {

namespace {

constexpr std::ptrdiff_t try_again = -2;

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

bool wait_for(int fd, short events, Millis timeout) {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, static_cast<int>(timeout.count())) == 1;
}

Error system_error(const std::string& what) {
    return fail("connection", what + ": " + std::strerror(errno));
}

struct AddressFree {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int connected_socket(const Endpoint& endpoint, Millis timeout) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const auto port = std::to_string(endpoint.port);
    if (::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
    const std::unique_ptr<addrinfo, AddressFree> list(found);
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) continue;
        int error = 0;
        socklen_t size = sizeof error;
        if (::connect(fd, at->ai_addr, at->ai_addrlen) == 0 ||
            (errno == EINPROGRESS && wait_for(fd, POLLOUT, timeout) &&
             ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)) {
            return fd;
        }
        ::close(fd);
    }
    return -1;
}

}  // namespace

struct Connection::Impl {
    Impl() : stream(pool, limits()) {}
    static xml::Limits limits() {
        xml::Limits limits;
        limits.max_stanza_bytes = 32 << 20;
        return limits;
    }

    xml::ParserPool pool;
    xml::XmlStream stream;
    std::unique_ptr<SSL_CTX, SslContextFree> context;
    std::unique_ptr<SSL, SslFree> ssl;
};

Connection::Connection() : impl_(std::make_unique<Impl>()) {}

Connection::~Connection() { close(Manner::orderly); }

Result<void> Connection::open(const Endpoint& endpoint, Millis timeout) {
    close(Manner::orderly);
    events_.clear();
    impl_ = std::make_unique<Impl>();
    fd_ = connected_socket(endpoint, timeout);
    if (fd_ < 0) {
        return system_error("cannot connect to " + endpoint.host + ":" +
                            std::to_string(endpoint.port));
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
}

Result<void> Connection::start_tls(const std::string& server_name, Millis timeout) {
    impl_->context.reset(SSL_CTX_new(TLS_client_method()));
    impl_->ssl.reset(SSL_new(impl_->context.get()));
    SSL* ssl = impl_->ssl.get();
    SSL_set_tlsext_host_name(ssl, server_name.c_str());
    SSL_set_fd(ssl, fd_);
    for (;;) {
        const int done = SSL_connect(ssl);
        if (done == 1) return {};
        const int why = SSL_get_error(ssl, done);
        const short wanted = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) break;
        if (!wait_for(fd_, wanted, timeout)) break;
    }
    ERR_clear_error();
    return fail("tls", "the TLS handshake failed");
}

void Connection::restart_stream() { impl_->stream.restart(); }

std::ptrdiff_t Connection::write_some(std::string_view bytes) {
    if (!impl_->ssl) {
        const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? try_again : count;
    }
    const int count = SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (count > 0) return count;
    const int why = SSL_get_error(impl_->ssl.get(), count);
    return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? try_again : -1;
}

bool Connection::write(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!is_open()) return false;
        const auto count = write_some(bytes);
        if (count == try_again) {
            if (!wait_for(fd_, POLLOUT, Millis(5000))) return false;
        } else if (count <= 0) {
            return false;
        } else {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    return is_open();
}

std::ptrdiff_t Connection::read_some(char* buffer, std::size_t size) {
    if (!impl_->ssl) {
        const auto count = ::recv(fd_, buffer, size, 0);
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? try_again : count;
    }
    const int count = SSL_read(impl_->ssl.get(), buffer, static_cast<int>(size));
    if (count > 0) return count;
    const int why = SSL_get_error(impl_->ssl.get(), count);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? try_again : 0;
}

void Connection::read() {
    char buffer[16384];
    while (is_open()) {
        const auto count = read_some(buffer, sizeof buffer);
        if (count == try_again) return;
        if (count <= 0) {
            close(Manner::orderly);
            events_.push_back({Incoming::Kind::lost, {}, {}});
            return;
        }
        parse({buffer, static_cast<std::size_t>(count)});
    }
}

void Connection::parse(std::string_view bytes) {
    using Event = xml::XmlStream::Event;
    auto& stream = impl_->stream;
    stream.feed(bytes);
    for (;;) {
        switch (stream.next()) {
            case Event::need_more: return;
            case Event::open:
                events_.push_back({Incoming::Kind::open, {}, stream.header().id});
                break;
            case Event::element:
                events_.push_back({Incoming::Kind::element, stream.take(), {}});
                break;
            case Event::close: events_.push_back({Incoming::Kind::close, {}, {}}); return;
            case Event::error:
                events_.push_back({Incoming::Kind::garbage, {}, std::string(stream.error_text())});
                return;
        }
    }
}

void Connection::close(Manner manner) {
    if (fd_ < 0) return;
    if (manner == Manner::cut) {
        const linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else if (impl_->ssl) {
        SSL_shutdown(impl_->ssl.get());
    }
    impl_->ssl.reset();
    ::close(fd_);
    fd_ = -1;
}

}  // namespace clarion::script
