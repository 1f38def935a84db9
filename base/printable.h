// Text of somebody else's making, as it may be shown: in a line of the log, on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace clarion {

/// Appends `text`, which may have any bytes: printable UTF-8 as it is, quotes and backslashes behind
/// a backslash, every other byte as \xNN. So it forges no line, no quote's end and no terminal's
/// command. C1 controls and direction marks are not printable: they could disguise.
void append_printable(std::string& out, std::string_view text);

}  // namespace clarion
