// SocketAddress: an IP address and port as the system takes it, without its headers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::net {

struct SocketAddress {
    /// A sockaddr_in or sockaddr_in6; nothing if size is 0.
    alignas(8) std::array<std::byte, 28> storage{};
    std::uint32_t size = 0;

    /// "192.0.2.1", "2001:db8::1", "::". Errors: "bad-address".
    static Result<SocketAddress> parse(std::string_view ip, std::uint16_t port);
    /// What a socket is bound or connected to; empty if it is neither.
    static SocketAddress local_of(int fd);
    static SocketAddress peer_of(int fd);

    bool is_ipv6() const;
    /// As text; an IPv4 address mapped into IPv6 (::ffff:192.0.2.1) is written as IPv4.
    std::string ip() const;
    /// Whom it is counted as: an IPv4 address is itself, an IPv6 address its /64, as that is what
    /// one customer has at least ("2001:db8:0:1::/64").
    std::string network() const;
    /// Whether it is one host of the public Internet: not this machine, its network, a private
    /// network, a group, nor an IPv6 address that leads to one of those (RFC 6890, RFC 6052,
    /// RFC 3056).
    bool is_public() const;
    std::uint16_t port() const;
    /// "127.0.0.1:5222", "[::1]:5222".
    std::string text() const;
};

}  // namespace clarion::net
