#include "server/net/socket.h"

#include <sys/socket.h>

#include <cerrno>

namespace clarion::net {

namespace {
bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }
}  // namespace

Socket::Moved Socket::receive(std::span<char> out) {
    if (!is_open()) return {Status::closed};
    if (!readable) return {Status::blocked};
    ssize_t n = 0;
    do {
        n = ::recv(fd(), out.data(), out.size(), 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0) return {Status::closed};
    if (n > 0) {
        const auto bytes = static_cast<std::size_t>(n);
        bytes_in += bytes;
        // Less than asked for: the queue is empty, and what comes later is a new edge. Only an end
        // that was reported already would not be reported again.
        if (bytes < out.size()) readable = hung_up;
        return {Status::ok, bytes};
    }
    if (would_block(errno)) {
        readable = false;
        return {Status::blocked};
    }
    error = errno;
    return {Status::failed};
}

Socket::Moved Socket::send(std::string_view bytes) {
    if (!is_open()) return {Status::closed};
    if (!writable) return {Status::blocked};
    ssize_t n = 0;
    do {
        n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        bytes_out += static_cast<std::size_t>(n);
        return {Status::ok, static_cast<std::size_t>(n)};
    }
    if (would_block(errno)) {
        writable = false;
        return {Status::blocked};
    }
    error = errno;
    return {Status::failed};
}

}  // namespace clarion::net
