// Connector: the places where a domain may be reached, tried one after the other (RFC 6120, 3.2.1).
//
// Owned by one attempt (S2sOut), on its shard, for as long as the attempt lasts. next() goes on
// behind the place it gave last, so that a server that accepts connections but cannot speak does
// not hide the others.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/option.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "proto/negotiation_s2s.h"
#include "server/core/address/remote_reach.h"
#include "server/net/dns/resolver.h"
#include "server/net/transport/socket_address.h"
#include "server/net/transport/transport.h"

namespace clarion::core {
class Shard;
}

namespace clarion::net {

/// A place that accepted the connection; nothing was said yet.
struct Connected {
    std::unique_ptr<Transport> transport;
    std::string host;
    bool direct_tls = false;
};

struct ConnectSettings {
    std::string domain;
    std::string bind_address;  // source address; empty: the system's choice
    Duration timeout;          // for one address; all together have four times as much
    bool allow_private_addresses = false;
};

/// Where we may connect to: names and their addresses are whatever strangers put into DNS.
struct ConnectOptions {
    bool allow_private_addresses = false;
    static void declare(OptionTable<ConnectOptions>& table);
};

class Connector {
public:
    /// All references outlive it. `report` may be empty.
    Connector(core::Shard& shard, Poller& poller, Resolver& resolver, ConnectSettings settings,
              core::RemoteReport report);

    /// The next place that accepts. Errors, when none is left: "not-found" (the domain or all its
    /// servers do not exist in DNS), "dns-timeout", "dns-failure", "connect-timeout",
    /// "remote-connection-failed" (also if no address is public): the last one met.
    Task<Result<Connected>> next();

private:
    struct Place {
        std::string host, address;
        std::uint16_t port;
        bool direct_tls;
    };
    Task<> find_targets();
    Task<> find_places();
    Task<Result<std::unique_ptr<Transport>>> try_place(const Place& place);
    void tell(s2s::Stage stage, bool ok, std::string text) const;

    core::Shard& shard_;
    Poller& poller_;
    Resolver& resolver_;
    const ConnectSettings settings_;
    core::RemoteReport report_;
    bool resolved_ = false;
    SteadyTime until_;
    std::deque<Target> targets_;
    std::deque<Place> places_;  // of the target that is being tried
    std::optional<Error> problem_;
};

}  // namespace clarion::net
