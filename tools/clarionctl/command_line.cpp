#include "tools/clarionctl/command_line.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cctype>
#include <filesystem>

#include "tools/clarionctl/ask.h"

namespace clarion::ctl {

namespace json = boost::json;

namespace {

/// "jid" is typed as JID.
std::string as_word(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

/// "older_than" is typed as --older-than.
std::string as_option(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return "--" + name;
}

/// The server has another working directory than whoever types this.
std::string absolute(const std::string& file) {
    return std::filesystem::absolute(file).lexically_normal().string();
}

/// "Delete {jid}?" with what was given.
std::string filled_in(std::string text, const json::object& arguments) {
    for (const auto& [key, value] : arguments) {
        const std::string name = "{" + std::string(key) + "}";
        const auto at = text.find(name);
        if (at != std::string::npos && value.is_string())
            text.replace(at, name.size(), value.get_string().c_str());
    }
    return text;
}

std::string question_of(const Command& command, const json::object& arguments) {
    for (const auto& question : command.questions)
        if (question.given.empty() || arguments.contains(question.given))
            return filled_in(question.text, arguments);
    return {};
}

CLI::App* find_group(CLI::App& app, const std::string& word) {
    for (CLI::App* known : app.get_subcommands({}))
        if (known->get_name() == word) return known;
    return nullptr;
}

/// The application of "push" for "push list", that of "node" in "pubsub" for "pubsub node list";
/// `app` itself for "status". A group within another has no help of its own.
CLI::App& group_of(CLI::App& app, const CommandList& list, std::string_view name) {
    CLI::App* group = &app;
    std::size_t from = 0;
    for (auto space = name.find(' '); space != std::string_view::npos;
         space = name.find(' ', from)) {
        const std::string word(name.substr(from, space - from));
        const auto found = std::find_if(list.groups.begin(), list.groups.end(),
                                        [&](const Group& each) { return each.name == word; });
        const bool is_area = group == &app && found != list.groups.end();
        CLI::App* next = find_group(*group, word);
        if (!next) {
            next = group->add_subcommand(
                word, is_area ? found->help : std::string(name.substr(0, space)) + " ...");
            next->require_subcommand(1);
        }
        group = next;
        from = space + 1;
    }
    return *group;
}

}  // namespace

void add_settings(CLI::App& app, Settings& settings) {
    app.add_option("--config", settings.config,
                   "the server's configuration file: says where its admin socket is");
    app.add_option("--socket", settings.socket, "the admin socket itself");
    app.add_flag("--json", settings.as_json, "print results as JSON");
}

CommandLine::CommandLine(CLI::App& app, const CommandList& list) {
    for (const auto& command : list.commands) add(app, list, command);
}

void CommandLine::add(CLI::App& app, const CommandList& list, const Command& command) {
    Entry& entry = entries_.emplace_back(Entry{command});
    CLI::App& group = group_of(app, list, command.name);
    entry.app =
        group.add_subcommand(command.name.substr(command.name.rfind(' ') + 1), command.help);
    for (const auto& argument : command.arguments)
        add_argument(*entry.app, entry.slots.emplace_back(Slot{argument}));
    if (!command.questions.empty())
        entry.app->add_flag("--yes", entry.yes, "do not ask, at a terminal either");
}

void CommandLine::add_argument(CLI::App& app, Slot& slot) {
    const Argument& argument = slot.argument;
    if (argument.kind == "for-table") return;
    const std::string name =
        argument.use == "option" ? as_option(argument.name) : as_word(argument.name);
    if (argument.kind == "flag") {
        slot.option = app.add_flag(name, slot.flag, argument.help);
    } else if (argument.kind == "number") {
        slot.number = argument.usual;
        slot.option = app.add_option(name, slot.number, argument.help)
                          ->check(CLI::Range(std::int64_t{1}, argument.most))
                          ->capture_default_str();
    } else if (argument.kind == "words") {
        slot.option = app.add_option(name, slot.words, argument.help);
    } else {
        slot.option = app.add_option(name, slot.text, argument.help);
    }
    if (argument.kind == "password")
        app.add_flag(name + "-stdin", slot.flag, "read the password from standard input");
    if (argument.use == "required") slot.option->required();
}

void CommandLine::read(const Slot& slot, Order& order) {
    const Argument& argument = slot.argument;
    if (argument.kind == "password") {
        order.wants_password = slot.text.empty() && !slot.flag;
        order.arguments[argument.name] = slot.flag ? read_line() : slot.text;
        return;
    }
    if (argument.kind == "number") order.arguments[argument.name] = slot.number;
    if (!slot.option || slot.option->count() == 0 || argument.kind == "number") return;
    if (argument.kind == "flag")
        order.arguments[argument.name] = slot.flag;
    else if (argument.kind == "words")
        order.words = slot.words;
    else
        order.arguments[argument.name] =
            argument.kind == "server-file" ? absolute(slot.text) : slot.text;
}

std::optional<Order> CommandLine::order() const {
    for (const Entry& entry : entries_) {
        if (!entry.app->parsed()) continue;
        Order order{.command = entry.command};
        for (const Slot& slot : entry.slots) read(slot, order);
        if (!entry.yes) order.question = question_of(entry.command, order.arguments);
        return order;
    }
    return std::nullopt;
}

}  // namespace clarion::ctl
