// Stream limits (XEP-0478) for clients: what their stream takes, before they have logged in and
// after. For other servers: proto/negotiation_s2s_in.h.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::stream_limits {

void install(core::ModuleSetup& setup);

}  // namespace clarion::stream_limits
