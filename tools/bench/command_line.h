// The command line of clarion-bench, as CLI11 reads it. Used by main() once.
#pragma once

#include "base/result.h"
#include "tools/bench/settings.h"

namespace clarion::bench {

/// The settings, or an Error of code "exit" whose text is the exit status: help was printed, or an
/// option was wrong and the reason has been said.
Result<Settings> parse_command_line(int argc, char** argv);

}  // namespace clarion::bench
