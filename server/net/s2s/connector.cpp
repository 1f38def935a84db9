#include "server/net/s2s/connector.h"

#include "base/clock.h"
#include "server/net/transport/tcp_connect.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace {
/// However many records a domain publishes, an attempt ends.
constexpr std::size_t max_targets = 8;
constexpr std::size_t max_addresses = 6;  // of one target
constexpr int max_timeouts = 4;
}  // namespace

void ConnectOptions::declare(OptionTable<ConnectOptions>& t) {
    t.joins("s2s");
    t.add("allow_private_addresses", &ConnectOptions::allow_private_addresses)
        .live()
        .doc(
            "Connect to servers at loopback, link-local, private and multicast addresses, too. "
            "Without it nobody can have this server look around in its own network by naming "
            "such an address in DNS.");
}

Connector::Connector(core::Shard& shard, Poller& poller, Resolver& resolver,
                     ConnectSettings settings, core::RemoteReport report)
    : shard_(shard),
      poller_(poller),
      resolver_(resolver),
      settings_(std::move(settings)),
      report_(std::move(report)),
      until_(shard.clock().steady() + max_timeouts * settings_.timeout) {}

void Connector::tell(s2s::Stage stage, bool ok, std::string text) const {
    if (report_) report_({stage, ok, std::move(text)});
}

Task<Result<Connected>> Connector::next() {
    if (!std::exchange(resolved_, true)) co_await find_targets();
    for (;;) {
        if (places_.empty()) {
            if (targets_.empty()) break;
            co_await find_places();
            continue;
        }
        if (shard_.clock().steady() >= until_) {
            if (!problem_) problem_ = fail("connect-timeout", "no time is left to try others");
            break;
        }
        const Place place = std::move(places_.front());
        places_.pop_front();
        auto transport = co_await try_place(place);
        if (transport) co_return Connected{std::move(*transport), place.host, place.direct_tls};
    }
    if (!problem_) problem_ = fail("remote-connection-failed", "no server is left to try");
    co_return *problem_;
}

Task<> Connector::find_targets() {
    auto found = co_await resolver_.resolve(settings_.domain);
    if (!found) {
        problem_ = found.error();
        tell(s2s::Stage::resolve, false, problem_->text);
        co_return;
    }
    for (Target& target : *found) {
        if (targets_.size() == max_targets) break;
        const std::string text = target.host + " port " + std::to_string(target.port);
        // Without service records the domain itself is tried: nothing was found yet.
        if (target.host != settings_.domain)
            tell(s2s::Stage::resolve, true, text + (target.direct_tls ? " (direct TLS)" : ""));
        targets_.push_back(std::move(target));
    }
}

Task<> Connector::find_places() {
    const Target target = std::move(targets_.front());
    targets_.pop_front();
    Result<std::vector<std::string>> addresses = target.addresses;
    if (target.addresses.empty()) addresses = co_await resolver_.addresses(target.host);
    if (!addresses) {
        // What was wrong with a server that exists says more than that another one does not.
        if (!problem_ || !addresses.error().is(error_code::not_found)) problem_ = addresses.error();
        tell(s2s::Stage::resolve, false, addresses.error().text);
        co_return;
    }
    for (std::string& address : *addresses) {
        if (places_.size() == max_addresses) break;
        places_.push_back({target.host, std::move(address), target.port, target.direct_tls});
    }
}

Task<Result<std::unique_ptr<Transport>>> Connector::try_place(const Place& place) {
    const std::string where = place.address + " port " + std::to_string(place.port);
    const auto to = SocketAddress::parse(place.address, place.port);
    SocketAddress from;
    // A source address of the other family cannot be used for this one: the system chooses.
    if (const auto bound = SocketAddress::parse(settings_.bind_address, 0);
        bound && to && bound->is_ipv6() == to->is_ipv6()) {
        from = *bound;
    }
    if (!to) problem_ = to.error();
    const bool refused = to && !settings_.allow_private_addresses && !to->is_public();
    if (refused)
        problem_ = fail("remote-connection-failed",
                        where + " is not public ([s2s] allow_private_addresses)");
    if (refused) tell(s2s::Stage::connect, false, problem_->text);
    if (!to || refused) co_return *problem_;
    auto transport = co_await connect(shard_, poller_, *to, from, settings_.timeout);
    if (!transport) problem_ = transport.error();
    tell(s2s::Stage::connect, transport.ok(), transport ? where : where + ": " + problem_->text);
    co_return transport;
}

}  // namespace clarion::net
