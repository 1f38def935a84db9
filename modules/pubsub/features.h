// What pubsub services can do, of the feature summary of XEP-0060 (section 10).
#pragma once

#include <initializer_list>
#include <string_view>

#include "server/core/setup/module.h"

namespace clarion::pubsub {

/// Announces the namespace and what the engine does for all services, and `more`, each with the
/// namespace before it.
void announce(core::ModuleSetup& setup, core::IqTarget target,
              std::initializer_list<std::string_view> more);

}  // namespace clarion::pubsub
