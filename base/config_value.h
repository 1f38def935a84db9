// One value of a configuration file as the value of a declared option: the type must fit, the
// bounds and choices must hold. Pure; used by config.cpp only.
#pragma once

#include <string>

#include "base/config_file.h"
#include "base/option.h"

namespace clarion {

/// The error's text says what was expected and what stands there instead; never a secret.
Result<OptionValue> to_option_value(const ConfigNode& node, const OptionSpec& option);

/// A path, or list of paths, counted from `directory`; absolute and empty ones stay as they are.
OptionValue resolve_path(OptionValue value, const std::string& directory);

}  // namespace clarion
