#include "server/net/transport/socket.h"

#include <sys/socket.h>

#include <algorithm>
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
        if (leading_space == 0) return {Status::ok, bytes};
        const std::size_t left = drop_leading_space(out.first(bytes));
        return left > 0 ? Moved{Status::ok, left} : receive(out);
    }
    if (would_block(errno)) {
        readable = false;
        return {Status::blocked};
    }
    error = errno;
    return {Status::failed};
}

/// How many bytes are left, now at the front.
std::size_t Socket::drop_leading_space(std::span<char> received) {
    static constexpr std::string_view white_space = " \t\r\n";
    const auto is_space = [](char c) { return white_space.find(c) != std::string_view::npos; };
    const auto limit =
        received.begin() + static_cast<std::ptrdiff_t>(std::min(leading_space, received.size()));
    const auto first = std::find_if_not(received.begin(), limit, is_space);
    leading_space -= static_cast<std::size_t>(first - received.begin());
    if (first != received.end()) leading_space = 0;
    return static_cast<std::size_t>(std::copy(first, received.end(), received.begin()) -
                                    received.begin());
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
    readable = true;  // what came before, and then the end, though epoll may not have said so yet
    error = errno;
    return {Status::failed};
}

}  // namespace clarion::net
