#include "server/net/listener_types.h"

#include <array>
#include <vector>

#include "server/core/options.h"
#include "server/net/c2s/c2s_connection.h"
#include "server/net/component/component_connection.h"
#include "server/net/connection_counts.h"
#include "server/net/http/bosh_options.h"
#include "server/net/http/http_connection.h"
#include "server/net/http/websocket_handshake.h"
#include "server/net/proxy65/bytestream_connection.h"
#include "server/net/proxy65/bytestream_options.h"
#include "server/net/s2s/connector.h"
#include "server/net/s2s/look_ups.h"
#include "server/net/s2s/s2s_backlog.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/s2s/s2s_limits.h"
#include "server/net/s2s/s2s_pairs.h"

namespace clarion::net {

namespace {

bool always(const Config&, const std::string&) { return true; }

template <class Options>
bool as_required(const Config& config, const std::string& host) {
    return config.get<Options>(host).require_encryption;
}

constexpr std::array<ListenerType, 8> types{{
    {"c2s", "clients, with STARTTLS", 5222, as_required<core::C2sOptions>, "c2s.require_encryption",
     "no client can log in", C2sConnection::accept, DescriptorUse::client},
    {"c2s-tls", "clients, with TLS from the start", 5223, always, "", "no client can connect",
     C2sConnection::accept_tls, DescriptorUse::client},
    {"s2s", "servers, with STARTTLS", 5269, as_required<core::S2sOptions>, "s2s.require_encryption",
     "no server can reach", RemoteDomains::accept, DescriptorUse::other},
    {"s2s-tls", "servers, with TLS from the start", 5270, always, "", "no server can connect",
     RemoteDomains::accept_tls, DescriptorUse::other},
    {"component", "components (XEP-0114)", 5347, nullptr, "", "", ComponentConnection::accept,
     DescriptorUse::other},
    {"proxy65", "both ends of bytestreams (XEP-0065)", 7777, nullptr, "", "",
     BytestreamConnection::accept, DescriptorUse::other},
    {"https", "browsers and others who speak HTTP, and clients with TLS from the start (XEP-0368)",
     5281, always, "", "no browser can connect", HttpConnection::accept_tls, DescriptorUse::client},
    {"http", "the same in the clear: a reverse proxy, or who asks for certificates (ACME)", 5280,
     nullptr, "", "", HttpConnection::accept, DescriptorUse::client},
}};

}  // namespace

void ListenOptions::declare(OptionTable<ListenOptions>& t) {
    std::vector<std::string> names;
    std::string who, ports;
    for (const ListenerType& each : types) {
        names.emplace_back(each.name);
        who.append(who.empty() ? "" : "; ").append(each.name).append(": ").append(each.who);
        ports.append(ports.empty() ? "" : ", ").append(std::to_string(each.usual_port));
    }
    t.list("listen", "A port to listen on; as many of these tables as needed.");
    t.add("type", &ListenOptions::type).choices(names).doc("Who connects here. " + who + ".");
    t.add("address", &ListenOptions::address)
        .doc("IP address to listen on; \"::\" is all, IPv4 included.");
    t.add("port", &ListenOptions::port)
        .min(0)
        .max(65535)
        .doc("TCP port; 0 is the usual one of the type, in this order: " + ports + ".");
}

void declare_options(OptionRegistry& registry) {
    registry.add<ListenOptions>();
    registry.add<ConnectionLimits>();
    registry.add<ServerLimits>();
    registry.add<LookUpLimits>();
    registry.add<ConnectOptions>();
    registry.add<S2sBacklogOptions>();
    registry.add<S2sPairOptions>();
    registry.add<BytestreamOptions>();
    registry.add<WebsocketOptions>();
    registry.add<BoshOptions>();
}

std::span<const ListenerType> listener_types() { return types; }

Result<const ListenerType*> find_listener_type(std::string_view name) {
    for (const ListenerType& each : types)
        if (each.name == name) return &each;
    return fail("bad-listen-type", "unknown type of listener: " + std::string(name));
}

}  // namespace clarion::net
