// Lines of the log that were lost because stderr did not take them as fast as they came.
#pragma once

#include <cstdint>
#include <optional>

#include "server/core/setup/admin_command.h"

namespace clarion::app {

/// Adds what was lost since it was last called to clarion_log_lines_dropped_total. Any thread.
void count_dropped_lines();

/// For `status`. nullopt: none was.
std::optional<core::AdminAlarm> dropped_lines_alarm(std::uint64_t dropped);

}  // namespace clarion::app
