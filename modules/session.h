// session: the session request of RFC 3921, which old clients still send after binding.
//
// RFC 6121 made it a no-op; the stream features say it is optional, and who asks is told yes.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::session {

void install(core::ModuleSetup& setup);

}  // namespace clarion::session
