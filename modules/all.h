// The table of modules (all.cpp).
#pragma once

#include <span>

#include "server/core/setup/module.h"

namespace clarion::modules {

/// Every module of Clarion, in the order in which they are installed.
std::span<const core::ModuleRow> standard();
/// Every module of this program: those, unless it is one that a test makes (server/modules.cpp).
std::span<const core::ModuleRow> all();

}  // namespace clarion::modules
