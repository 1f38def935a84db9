// `stop --wait`: returns when the server's process is gone.
#pragma once

#include "base/result.h"
#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

/// Tells the server to stop and waits, a minute at most. Errors: those of AdminClient, "timeout".
Result<> stop_and_wait(const AdminClient& client);

}  // namespace clarion::ctl
