// The table of modules (all.cpp).
#pragma once

#include <span>

#include "server/core/module.h"

namespace clarion::modules {

/// Every module of the server, in the order in which they are installed.
std::span<const core::ModuleRow> all();

}  // namespace clarion::modules
