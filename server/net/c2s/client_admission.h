// Who may be a client: the limits of [limits] that hold for connections of clients, however they
// come.
#pragma once

#include <optional>
#include <string>

#include "server/net/connection_counts.h"

namespace clarion::net {

class ShardNet;

/// A place for another client from that network (SocketAddress::network()), unless a limit is
/// reached, which is counted and logged.
std::optional<ConnectionCounts::Place> admit_client(ShardNet& net, const std::string& network);

}  // namespace clarion::net
