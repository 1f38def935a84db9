#include "base/network_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace clarion {

namespace {

constexpr unsigned ipv4_offset = 96;  // bits before an IPv4 address that is mapped into IPv6

struct Parsed {
    std::array<std::uint8_t, 16> bytes;
    bool is_ipv4;
};

std::optional<Parsed> parse_ip(std::string_view text) {
    const std::string ip(text);
    Parsed parsed{};
    if (::inet_pton(AF_INET6, ip.c_str(), parsed.bytes.data()) == 1) return parsed;
    parsed.is_ipv4 = true;
    parsed.bytes[10] = parsed.bytes[11] = 0xff;
    if (::inet_pton(AF_INET, ip.c_str(), parsed.bytes.data() + 12) == 1) return parsed;
    return std::nullopt;
}

bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b,
               unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

Result<NetworkList::Network> NetworkList::parse_one(std::string_view text) {
    const auto problem = [&] {
        return fail("bad-address", quote(text) + " is no address and no network");
    };
    const std::size_t slash = text.find('/');
    const auto parsed = parse_ip(text.substr(0, slash));
    if (!parsed) return problem();
    Network network{parsed->bytes, 128};
    if (slash == std::string_view::npos) return network;
    const auto bits = parse_int(text.substr(slash + 1));
    const std::int64_t most = parsed->is_ipv4 ? 32 : 128;
    if (!bits || *bits < 0 || *bits > most) return problem();
    network.bits = static_cast<unsigned>(*bits) + (parsed->is_ipv4 ? ipv4_offset : 0);
    return network;
}

Result<NetworkList> NetworkList::parse(std::span<const std::string> texts) {
    NetworkList list;
    for (const std::string& text : texts) {
        auto network = parse_one(text);
        if (!network) return network.error();
        list.networks_.push_back(*network);
    }
    return list;
}

NetworkList NetworkList::of(std::span<const std::string> texts) {
    NetworkList list;
    for (const std::string& text : texts)
        if (auto network = parse_one(text)) list.networks_.push_back(*network);
    return list;
}

bool NetworkList::contains(std::string_view ip) const {
    const auto parsed = parse_ip(ip);
    return parsed && std::any_of(networks_.begin(), networks_.end(), [&](const Network& each) {
               return same_bits(parsed->bytes, each.bytes, each.bits);
           });
}

}  // namespace clarion
