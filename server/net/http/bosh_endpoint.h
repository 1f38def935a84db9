// BOSH as the HTTP connection sees it.
#pragma once

#include <cstddef>
#include <memory>

#include "server/net/http/http_exchange.h"

namespace clarion::core {
class Context;
}

namespace clarion::net {

class ShardNet;

/// Takes a POST to [bosh] path whose body was read. On the shard that accepted it, which is that of
/// `net`; it is answered there.
void begin_bosh(ShardNet& net, std::shared_ptr<HttpExchange> exchange);

/// The longest body that it takes.
std::size_t max_bosh_body(const core::Context& context);

}  // namespace clarion::net
