// Where in the commands somebody is who types, and what they may have meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace clarion::ctl {

/// What may follow a command, or stand first.
std::vector<std::string> command_names(const CLI::App& app);
/// "--json" ...
std::vector<std::string> option_names(const CLI::App& app);

struct Place {
    const CLI::App* command;    // the last one that is whole
    bool awaits_value = false;  // of the option before
};
/// Where the word behind `words` stands; nullopt: one of them is unknown.
std::optional<Place> place_of(const CLI::App& app, const std::vector<std::string>& words);

/// What is wrong with the first word that is no command, or no option where it stands, with the
/// nearest that is: `there is no command "usr"; did you mean "user"?`. nullopt: all are known.
std::optional<std::string> explain_unknown(const CLI::App& app,
                                           const std::vector<std::string>& words);

}  // namespace clarion::ctl
