// Web host metadata: where clients that see no DNS find how to connect: /.well-known/host-meta and
// host-meta.json (RFC 6415, XEP-0156), and all that XEP-0487 adds to the latter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/option.h"
#include "server/core/http/http_paths.h"
#include "server/core/setup/module.h"

namespace clarion::host_meta {

struct HostMetaOptions {
    Duration ttl = std::chrono::hours(1);
    std::vector<std::string> ips;
    std::string sni;
    std::int64_t tls_port = 0;
    std::int64_t s2s_tls_port = 0;
    std::vector<std::string> public_key_pins;
    static void declare(OptionTable<HostMetaOptions>& table);
};

/// One way to connect.
struct Link {
    std::string rel;  // "urn:xmpp:alt-connections:websocket"
    std::string href{};
    std::int64_t port = 0;  // instead of href
    int priority = 0;       // of XEP-0487; less is tried first
};

/// What a host has to say of itself.
struct HostMeta {
    std::string host;  // in ASCII
    std::vector<Link> links;
    HostMetaOptions options;
};

/// The ways that `base_url` (HttpRoutes::base_url()) and `paths` lead to, and the ports of direct
/// TLS if the options say them. Only what is encrypted is announced (XEP-0156, Business Rules).
std::vector<Link> links_of(std::string_view base_url, const core::HttpPaths& paths,
                           const HostMetaOptions& options);

/// The document in XRD. Ports have no form there.
std::string to_xrd(const HostMeta& meta);
/// The same in JRD; with the options `ips` in the words of XEP-0487, too.
std::string to_jrd(const HostMeta& meta);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::host_meta
