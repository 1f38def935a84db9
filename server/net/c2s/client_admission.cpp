#include "server/net/c2s/client_admission.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/shard_net.h"

namespace clarion::net {

namespace {

constexpr Logger logger{"c2s"};

}  // namespace

std::optional<ConnectionCounts::Place> admit_client(ShardNet& net, const std::string& network) {
    static Counter& refused = metrics().counter("clarion_connections_refused_total",
                                                "Client connections closed at once by a limit");
    const auto& limits = net.context().options<core::LimitsOptions>();
    auto place = net.counts().admit(
        ConnectionCounts::Kind::client, network,
        {.per_network = limits.c2s_connections_per_address,
         .unauthenticated = limits.unauthenticated_connections,
         .new_per_second = net.context().options<ConnectionLimits>().new_connections_per_second,
         .now = net.context().clock().steady()});
    if (place) return place;
    refused.add();
    if (net.context().refusals().admit(network, "too-many-connections"))
        logger.info("too-many-connections", {{"network", network}});
    return std::nullopt;
}

}  // namespace clarion::net
