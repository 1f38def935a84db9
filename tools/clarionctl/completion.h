// Completion for bash, of what the server says there is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace clarion::ctl {

/// For `source <(clarionctl completion)`.
std::string_view completion_script();

/// What may stand where the last word of `words` stands and begins like it: commands, or options.
std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace clarion::ctl
