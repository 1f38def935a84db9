// The commands `pubsub ...` of whoever administers the server.
#pragma once

#include "server/core/setup/admin_command.h"

namespace clarion::pubsub {

/// For the row in modules/all.cpp.
const core::AdminArea& admin_area();

}  // namespace clarion::pubsub
