// The files in assets/, as they are built into the server.
#pragma once

#include <string_view>

namespace clarion::core {

extern const std::string_view page_style;
extern const std::string_view page_script;

}  // namespace clarion::core
