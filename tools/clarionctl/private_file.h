// A file for somebody's data: its owner's alone, and under its name only when it is complete.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "base/result.h"

namespace clarion::ctl {

/// Writes what `write` says, which returns how much it was. `file`: empty or "-": standard output.
/// Errors: those of `write`, or the file cannot be written.
Result<std::uint64_t> write_private_file(
    const std::string& file, const std::function<Result<std::uint64_t>(std::ostream&)>& write);

}  // namespace clarion::ctl
