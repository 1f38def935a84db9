#include "tools/clarionctl/command_list.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace clarion::ctl {

namespace json = boost::json;

namespace {

// What is missing is left at its default: a server of another version may know less, or more.

std::string text(const json::object& record, std::string_view key) {
    const json::value* value = record.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number(const json::object& record, std::string_view key) {
    const json::value* value = record.if_contains(key);
    return value && value->is_int64() ? value->get_int64() : 0;
}

template <class F>
void for_each(const json::object& record, std::string_view key, F fn) {
    const json::value* value = record.if_contains(key);
    if (!value || !value->is_array()) return;
    for (const auto& item : value->get_array())
        if (item.is_object()) fn(item.get_object());
}

Command read_command(const json::object& said) {
    Command command{.name = text(said, "name"), .help = text(said, "help")};
    for_each(said, "arguments", [&command](const json::object& one) {
        command.arguments.push_back({text(one, "name"), text(one, "kind"), text(one, "use"),
                                     text(one, "help"), number(one, "usual"), number(one, "most")});
    });
    for_each(said, "columns", [&command](const json::object& one) {
        command.columns.push_back({text(one, "key"), text(one, "title"), text(one, "kind")});
    });
    for_each(said, "questions", [&command](const json::object& one) {
        command.questions.push_back({text(one, "given"), text(one, "text")});
    });
    command.none = text(said, "none");
    command.client = text(said, "client");
    command.shape = text(said, "shape");
    return command;
}

}  // namespace

Result<CommandList> read_commands(const json::value& list) {
    if (!list.is_object()) return fail("protocol", "the server's commands make no sense");
    CommandList result;
    for_each(list.get_object(), "groups", [&result](const json::object& one) {
        result.groups.push_back({text(one, "name"), text(one, "help")});
    });
    for_each(list.get_object(), "commands",
             [&result](const json::object& one) { result.commands.push_back(read_command(one)); });
    return result;
}

std::vector<Command> own_commands() {
    const Argument backup{"file", "server-file", "required",
                          "what backup has made; it is verified first"};
    const Argument force{"force", "flag", "option",
                         "move a database that is there aside, to data_dir/db.before-restore-TIME"};
    return {{.name = "restore",
             .help = "make the server's database of a backup; the server must be stopped, and this "
                     "be run as its user",
             .arguments = {backup, force},
             .client = "restore"},
            {.name = "check",
             .help = "compare the configuration with its certificates and the machine, and walk "
                     "the database; the server may run or not",
             .client = "check"},
            {.name = "help",
             .help = "what there is to type, or what a command does",
             .arguments = {{"words", "words", "optional", "a command, such as push list"}},
             .client = "help"},
            {.name = "completion",
             .help = "a script for bash that completes commands and options: "
                     "source <(clarionctl completion)",
             .client = "completion"}};
}

}  // namespace clarion::ctl
