// Ping (XEP-0199): "are you there?"
//
// Answers for the server and, to those who may know that it exists, for an account. The smallest
// module: copy this pair of files to start another, add its row to modules/all.cpp, and a test
// beside tests/unit/modules/ping_test.cpp. HACKING.md, "A module in seven steps", walks through it.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::ping {

void install(core::ModuleSetup& setup);

}  // namespace clarion::ping
