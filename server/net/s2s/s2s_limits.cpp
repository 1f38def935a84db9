#include "server/net/s2s/s2s_limits.h"

namespace clarion::net {

void ServerLimits::declare(OptionTable<ServerLimits>& t) {
    t.joins("limits");
    t.add("s2s_connections_per_address", &ServerLimits::s2s_connections_per_address)
        .min(0)
        .doc(
            "Connections of servers from one IP address (of IPv6: one /64 network) that may be "
            "open at a time; more are closed at once.");
    t.add("s2s_unauthenticated_per_address", &ServerLimits::s2s_unauthenticated_per_address)
        .min(0)
        .doc("Those among them that have not proved any domain yet.");
    t.add("dialback_questions_per_address", &ServerLimits::dialback_questions_per_address)
        .min(0)
        .doc(
            "Dialback keys (XEP-0220) from one IP address (of IPv6: one /64 network) that are "
            "being verified at a time, for which other servers are looked up and connected to; "
            "more are answered with remote-server-timeout.");
    t.add("dialback_questions", &ServerLimits::dialback_questions)
        .min(0)
        .doc("The same from everywhere.");
}

}  // namespace clarion::net
