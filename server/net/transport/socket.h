// Socket: a non-blocking TCP socket that remembers which directions are worth trying.
//
// Owned by a Transport; TLS reads and writes through it, too. An edge-triggered Poller reports each
// change once, so what was not used up must be remembered: that is what the flags are. A direction
// that is known to be blocked costs no system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/file_descriptor.h"

namespace clarion::net {

class Socket {
public:
    enum class Status : std::uint8_t { ok, blocked, closed, failed };
    struct Moved {
        Status status = Status::ok;
        std::size_t bytes = 0;
    };

    explicit Socket(FileDescriptor fd) : fd_(std::move(fd)) {}

    /// One recv(). `closed`: the peer said it sends no more.
    Moved receive(std::span<char> out);
    /// One send(), never raising SIGPIPE.
    Moved send(std::string_view bytes);

    int fd() const { return fd_.get(); }
    bool is_open() const { return static_cast<bool>(fd_); }
    void close() { fd_.reset(); }

    /// Bytes of white space that receive() may still drop before it gives any other (STARTTLS).
    std::size_t leading_space = 0;
    bool readable = true;
    bool writable = true;
    bool hung_up = false;  // an end or an error waits behind what can be read
    int error = 0;         // errno of the operation that failed
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;

private:
    std::size_t drop_leading_space(std::span<char> received);

    FileDescriptor fd_;
};

}  // namespace clarion::net
