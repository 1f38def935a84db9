// The order in which modules are installed, and with it that of their handlers within a stage: that
// of the table, except where a row says after whom it comes. Pure.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "server/core/setup/module.h"

namespace clarion::core {

/// The rows so that each comes after those its `after` names, as near to the table as that allows.
/// A name that the table does not have orders nothing. Error "circle": its text names who waits for
/// whom.
Result<std::vector<const ModuleRow*>> install_order(std::span<const ModuleRow> rows);

}  // namespace clarion::core
