// push_priority: the push service is told how urgent a notification is (tigase:push:priority:0).
//
// For a registration that asked: high, if it is important (docs/push-rules.md, "Importance"), else
// low. High is what Apple shows at once and no app can take back, low may wait or wake the app
// silently.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::push::tigase {

void install_priority(core::ModuleSetup& setup);

}  // namespace clarion::push::tigase
