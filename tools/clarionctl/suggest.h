// What somebody who mistyped a command may have meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clarion::ctl {

/// What is wrong with the first word that is no command, or no option where it stands, with the
/// nearest that is: `there is no command "usr"; did you mean "user"?`. nullopt: all are known.
std::optional<std::string> explain_unknown(const CLI::App& app,
                                           const std::vector<std::string>& words);

}  // namespace clarion::ctl
