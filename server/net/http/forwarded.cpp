#include "server/net/http/forwarded.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "server/net/transport/socket_address.h"

namespace clarion::net {

namespace {

/// All values of a field that may be there several times, in order.
std::vector<std::string_view> values(const core::HttpRequest& request, std::string_view name) {
    std::vector<std::string_view> all;
    for (const auto& [field, value] : request.fields)
        if (equal_ignoring_case(field, name))
            for (const std::string_view each : split(value, ',')) all.push_back(trim(each));
    return all;
}

}  // namespace

void apply_forwarded(const core::HttpRequest& request, const NetworkList& trusted,
                     core::HttpPeer& peer) {
    if (!trusted.contains(peer.address)) return;
    const auto addresses = values(request, "X-Forwarded-For");
    const auto schemes = values(request, "X-Forwarded-Proto");
    if (addresses.empty() && schemes.empty()) return;
    peer.proxied = true;
    peer.encrypted = !schemes.empty() && equal_ignoring_case(schemes.back(), "https");
    for (auto each = addresses.rbegin(); each != addresses.rend(); ++each) {
        const auto address = SocketAddress::parse(*each, 0);
        if (!address) return;  // what comes before it is not to be believed either
        peer.address = address->ip();
        peer.network = address->network();
        if (!trusted.contains(*each)) return;
    }
}

}  // namespace clarion::net
