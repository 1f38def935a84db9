// Resolver: where a remote domain's servers are (RFC 6120 section 3.2, RFC 2782, XEP-0368).
//
// One per shard, on its thread; c-ares does the asking, the shard's loop the waiting. Answers are
// kept for their own time to live within [dns] max_cache_time, negative ones for a minute at most.
// The shard outlives it; nobody may be waiting in resolve() when it dies (their Scope was joined).
//
//     resolve("example.org")          SRV _xmpps-server._tcp and _xmpp-server._tcp, merged and
//                                     ordered; no SRV record at all: the domain itself at 5269;
//                                     a domain that is an IP address: that
//     addresses("xmpp.example.org")   A and AAAA, /etc/hosts first
//
// Addresses are looked up one target at a time (Connector does it), so that a slow name server of a
// backup target delays nobody.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/srv_order.h"

namespace clarion::core {
class Shard;
struct DnsOptions;
}  // namespace clarion::core

namespace clarion::net {

/// One place to try, in the order to try them.
struct Target {
    std::string host;  // a name, or an IP address as text
    std::uint16_t port = 5269;
    bool direct_tls = false;             // TLS from the first byte
    std::vector<std::string> addresses;  // filled for IP addresses; else ask addresses(host)
};

class Resolver {
public:
    Resolver(core::Shard& shard, const core::DnsOptions& options);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Errors: "not-found" (no such domain, or it says that it has no XMPP server), "dns-timeout"
    /// and "dns-failure" (the name servers did not tell). The text is a sentence for the operator.
    Task<Result<std::vector<Target>>> resolve(std::string domain);
    /// The SRV records of a name such as "_xmpp-client._tcp.example.org", as they are now, in no
    /// order; none: there are none. Errors: "dns-timeout", "dns-failure".
    Task<Result<std::vector<srv::SrvRecord>>> records(std::string name);
    /// IPv4 and IPv6 addresses as text, the likeliest first (RFC 6724). Errors: as above.
    Task<Result<std::vector<std::string>>> addresses(std::string host);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clarion::net
