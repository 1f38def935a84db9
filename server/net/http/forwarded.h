// What a reverse proxy says of the client it speaks for: X-Forwarded-For and X-Forwarded-Proto, as
// nginx, Caddy, Apache and HAProxy send them.
#pragma once

#include "base/network_list.h"
#include "server/core/http/http_message.h"

namespace clarion::net {

/// If `peer` is one of `trusted` and says for whom it speaks, `peer` becomes that client: the last
/// address that is none of the trusted ones. It counts as encrypted only if the proxy says https.
void apply_forwarded(const core::HttpRequest& request, const NetworkList& trusted,
                     core::HttpPeer& peer);

}  // namespace clarion::net
