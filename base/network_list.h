// NetworkList: IP addresses and networks, as options name them: "127.0.0.1", "10.0.0.0/8",
// "2001:db8::/32".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion {

class NetworkList {
public:
    NetworkList() = default;
    /// Errors: "bad-address", names the text.
    static Result<NetworkList> parse(std::span<const std::string> texts);
    /// Without those of them that are none.
    static NetworkList of(std::span<const std::string> texts);

    /// False also for what is no address. An IPv4 address mapped into IPv6 counts as IPv4.
    bool contains(std::string_view ip) const;
    bool empty() const { return networks_.empty(); }

private:
    using Bytes = std::array<std::uint8_t, 16>;  // of IPv4: mapped into IPv6
    struct Network {
        Bytes bytes{};
        unsigned bits = 128;
    };
    static Result<Network> parse_one(std::string_view text);

    std::vector<Network> networks_;
};

}  // namespace clarion
