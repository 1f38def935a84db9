// DnsChannel: c-ares on a shard's loop. What is asked runs to its end or to its limit; who asked
// may go away first.
//
// Owner: a Resolver. One per shard, on its thread. c-ares owns the sockets; the loop only watches
// them and never closes one (a descriptor is released, not closed, when c-ares says that it is done
// with it).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace clarion::core {
class Shard;
struct DnsOptions;
}  // namespace clarion::core

namespace clarion::net {

/// Whether [dns] servers may have this: an IP address, with a port or without. Any thread.
Result<> check_name_server(const std::string& server);

struct DnsAddresses {
    std::vector<std::string> addresses;
    std::uint32_t ttl = 0;  // seconds; 0 for /etc/hosts
};

class DnsChannel {
public:
    DnsChannel(core::Shard& shard, const core::DnsOptions& options);
    ~DnsChannel();
    DnsChannel(const DnsChannel&) = delete;
    DnsChannel& operator=(const DnsChannel&) = delete;

    /// The raw answer to a question for SRV records. Errors: "not-found" (no such name, or none
    /// there), "dns-timeout", "dns-failure".
    Task<Result<std::vector<unsigned char>>> srv(std::string name);
    /// A and AAAA, and /etc/hosts. Errors: as above.
    Task<Result<DnsAddresses>> addresses(std::string host);

    struct Impl;

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace clarion::net
