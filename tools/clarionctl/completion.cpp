#include "tools/clarionctl/completion.h"

#include "tools/clarionctl/suggest.h"

namespace clarion::ctl {

std::string_view completion_script() {
    return R"(_clarionctl() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" completion -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null))
}
complete -o default -F _clarionctl clarionctl
)";
}

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words) {
    if (words.empty()) return {};
    const std::string& begun = words.back();
    const auto where = place_of(app, {words.begin(), words.end() - 1});
    if (!where || where->awaits_value) return {};
    std::vector<std::string> known =
        begun.starts_with('-') ? option_names(*where->command) : command_names(*where->command);
    if (begun.starts_with('-') && where->command != &app)
        for (auto& name : option_names(app)) known.push_back(std::move(name));
    std::erase_if(known, [&](const std::string& name) { return !name.starts_with(begun); });
    return known;
}

}  // namespace clarion::ctl
