// What clarionctl asks the person at the terminal.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::ctl {

/// Whether somebody types at standard input.
bool at_terminal();

/// A password from standard input: typed twice without echo at a terminal, else its first line.
/// Errors: "usage" (the two differ).
Result<std::string> ask_for_password();
/// The first line of standard input, whatever that is.
std::string read_line();

/// Whether they say yes. Nobody is asked unless at a terminal: then it is yes.
bool confirm(std::string_view question);

}  // namespace clarion::ctl
