// Connecting out: one address, one attempt.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "server/net/transport/poller.h"
#include "server/net/transport/socket_address.h"
#include "server/net/transport/transport.h"
#include "server/runtime/shard.h"

namespace clarion::net {

/// Connects to `to`, from `from` if that is not empty (its port is not used), within `limit`.
/// Errors: "remote-connection-failed" with the system's reason, "connect-timeout", "closed" if the
/// calling task was cancelled. `shard` and `poller` belong together and outlive the task.
Task<Result<std::unique_ptr<Transport>>> connect(core::Shard& shard, Poller& poller,
                                                 SocketAddress to, SocketAddress from,
                                                 Duration limit);

}  // namespace clarion::net
