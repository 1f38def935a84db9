#include "tools/clarionctl/suggest.h"

#include <CLI/CLI.hpp>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace clarion::ctl {

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

namespace {

const CLI::App* find_command(const CLI::App& app, std::string_view name) {
    for (const CLI::App* sub : app.get_subcommands({}))
        if (sub->get_name() == name) return sub;
    return nullptr;
}

const CLI::Option* find_option(const CLI::App& app, std::string_view word) {
    const std::string name(word.substr(0, word.find('=')));
    return app.get_option_no_throw(name);
}

/// The whole name of a command that stands in some group: "user passwd" for "passwd".
std::string in_a_group(const CLI::App& app, std::string_view word) {
    for (const CLI::App* group : app.get_subcommands({}))
        if (find_command(*group, word)) return group->get_name() + " " + std::string(word);
    return {};
}

std::string unknown_command(const CLI::App& app, const CLI::App& where, const std::string& word) {
    const bool in_group = &where != &app;
    const std::string front = in_group ? where.get_name() + " " : "";
    std::string meant = nearest(word, command_names(where));
    if (!meant.empty()) meant = front + meant;
    if (meant.empty() && find_command(app, word)) meant = word;
    if (meant.empty() && !in_group) meant = in_a_group(app, word);
    std::string text = "there is no command \"" + front + word + "\"";
    if (!meant.empty()) return text + "; did you mean \"" + meant + "\"?";
    text += "; known" + (in_group ? " of " + where.get_name() : std::string()) + ":";
    for (const auto& name : command_names(where)) text += " " + name;
    return text;
}

std::string unknown_option(const CLI::App& app, const CLI::App& where, const std::string& word) {
    auto known = option_names(where);
    const auto general = option_names(app);
    known.insert(known.end(), general.begin(), general.end());
    const std::string name = word.substr(0, word.find('='));
    const std::string meant = nearest(name, known);
    if (!meant.empty()) return "there is no option " + name + "; did you mean " + meant + "?";
    return "there is no option " + name +
           " here; --help has those there are. Is it none? Then write -- before it";
}

/// Walks along the words. `unknown` is told of the first that is none, with where it stands.
template <class F>
std::optional<Place> walk(const CLI::App& app, const std::vector<std::string>& words, F unknown) {
    Place place{&app};
    for (const std::string& word : words) {
        const CLI::App& where = *place.command;
        if (std::exchange(place.awaits_value, false)) continue;
        if (word == "--") break;
        if (word.size() > 1 && word.front() == '-') {
            const CLI::Option* option = find_option(where, word);
            if (!option) option = find_option(app, word);
            if (!option) return unknown(where, word), std::nullopt;
            place.awaits_value = option->get_expected_min() > 0 && word.find('=') == word.npos;
        } else if (!where.get_subcommands({}).empty()) {
            place.command = find_command(where, word);
            if (!place.command) return unknown(where, word), std::nullopt;
        }
    }
    return place;
}

}  // namespace

std::optional<Place> place_of(const CLI::App& app, const std::vector<std::string>& words) {
    return walk(app, words, [](const CLI::App&, const std::string&) {});
}

std::optional<std::string> explain_unknown(const CLI::App& app,
                                           const std::vector<std::string>& words) {
    std::optional<std::string> explained;
    walk(app, words, [&](const CLI::App& where, const std::string& word) {
        explained = word.front() == '-' && word.size() > 1 ? unknown_option(app, where, word)
                                                           : unknown_command(app, where, word);
    });
    return explained;
}

}  // namespace clarion::ctl
