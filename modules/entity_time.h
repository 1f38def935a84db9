// Entity time (XEP-0202): what the server's clock says, so that clients can correct theirs.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::time {

void install(core::ModuleSetup& setup);

}  // namespace clarion::time
