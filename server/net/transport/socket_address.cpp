#include "server/net/transport/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

namespace clarion::net {

namespace {

template <class Address>
Address as(const SocketAddress& from) {
    Address address{};
    std::memcpy(&address, from.storage.data(), sizeof address);
    return address;
}

template <class Address>
SocketAddress wrap(const Address& address) {
    static_assert(sizeof(Address) <= sizeof(SocketAddress::storage));
    SocketAddress result;
    std::memcpy(result.storage.data(), &address, sizeof address);
    result.size = sizeof address;
    return result;
}

SocketAddress asked(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    SocketAddress result;
    if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return result;
    if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return result;
    std::memcpy(result.storage.data(), &storage, size);
    result.size = size;
    return result;
}

struct Network4 {
    std::uint32_t first;
    int bits;
};
constexpr Network4 not_public[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared by a provider's customers
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xe0000000, 3},   // multicast, reserved, broadcast
};

bool is_public4(std::uint32_t address) {
    return std::none_of(std::begin(not_public), std::end(not_public), [&](const Network4& network) {
        return (address ^ network.first) >> (32 - network.bits) == 0;
    });
}

bool is_public6(const in6_addr& address) {
    const std::uint8_t* const bytes = address.s6_addr;
    const auto embedded = [bytes](int at) {
        std::uint32_t v4 = 0;
        std::memcpy(&v4, bytes + at, sizeof v4);
        return is_public4(ntohl(v4));
    };
    if (IN6_IS_ADDR_V4MAPPED(&address)) return embedded(12);
    constexpr std::uint8_t nat64[] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    if (std::memcmp(bytes, nat64, sizeof nat64) == 0) return embedded(12);
    if (bytes[0] == 0x20 && bytes[1] == 0x02) return embedded(2);  // 6to4
    return (bytes[0] & 0xe0) == 0x20;  // 2000::/3: all that is given out to hosts
}

/// An IPv4 address in network order, as text. inet_ntop() takes ten times as long, and it is needed
/// several times for each connection.
std::string text4(const void* address) {
    std::uint8_t bytes[4];
    std::memcpy(bytes, address, sizeof bytes);
    char text[INET_ADDRSTRLEN];
    char* end = text;
    for (const std::uint8_t byte : bytes) {
        if (end != text) *end++ = '.';
        end = std::to_chars(end, std::end(text), byte).ptr;
    }
    return {text, end};
}

}  // namespace

Result<SocketAddress> SocketAddress::parse(std::string_view ip, std::uint16_t port) {
    const std::string text(ip);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) return wrap(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) return wrap(v6);
    return fail("bad-address", "\"" + text + "\" is not an IP address");
}

SocketAddress SocketAddress::local_of(int fd) { return asked(fd, ::getsockname); }
SocketAddress SocketAddress::peer_of(int fd) { return asked(fd, ::getpeername); }

bool SocketAddress::is_ipv6() const { return size == sizeof(sockaddr_in6); }

std::string SocketAddress::network() const {
    if (!is_ipv6()) return ip();
    auto v6 = as<sockaddr_in6>(*this);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return ip();
    std::fill(std::begin(v6.sin6_addr.s6_addr) + 8, std::end(v6.sin6_addr.s6_addr), 0);
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return std::string(text) + "/64";
}

std::string SocketAddress::ip() const {
    if (size == sizeof(sockaddr_in)) {
        const auto v4 = as<sockaddr_in>(*this);
        return text4(&v4.sin_addr);
    }
    if (!is_ipv6()) return {};
    const auto v6 = as<sockaddr_in6>(*this);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return text4(&v6.sin6_addr.s6_addr[12]);
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return text;
}

bool SocketAddress::is_public() const {
    if (is_ipv6()) return is_public6(as<sockaddr_in6>(*this).sin6_addr);
    return size == sizeof(sockaddr_in) && is_public4(ntohl(as<sockaddr_in>(*this).sin_addr.s_addr));
}

std::uint16_t SocketAddress::port() const {
    if (is_ipv6()) return ntohs(as<sockaddr_in6>(*this).sin6_port);
    if (size == sizeof(sockaddr_in)) return ntohs(as<sockaddr_in>(*this).sin_port);
    return 0;
}

std::string SocketAddress::text() const {
    const std::string address = ip();
    const bool brackets = address.find(':') != std::string::npos;
    return (brackets ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

}  // namespace clarion::net
