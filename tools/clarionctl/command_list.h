// What can be asked for: the server's commands, as it declares them
// (server/core/setup/admin_command.h says what each member means), and those that clarionctl
// carries out without one.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::ctl {

struct Argument {
    std::string name;  // in the request
    std::string kind;  // "text", "jid", "domain", "number", "flag", "password", "server-file" ...
    std::string use;   // "required", "optional": a word; "option"
    std::string help;
    std::int64_t usual = 0;  // of a number
    std::int64_t most = 0;
};

struct Column {
    std::string key;
    std::string title;
    std::string kind;  // "text", "number", "mark", "alarms"
};

struct Question {
    std::string given;  // asked if this argument is given; empty: in any case
    std::string text;
};

struct Command {
    std::string name;  // "push list"
    std::string help;
    std::vector<Argument> arguments{};
    std::vector<Column> columns{};
    std::string none{};  // what an empty list means
    std::vector<Question> questions{};
    std::string client{};  // what of clarionctl carries it out; empty: nothing does
    std::string shape{};   // what of clarionctl shows it; empty: show()
};

struct Group {
    std::string name;  // "push"
    std::string help;
};

struct CommandList {
    std::vector<Group> groups;
    std::vector<Command> commands;
};

/// What the server says. Errors: "protocol" (it is no list of commands).
Result<CommandList> read_commands(const boost::json::value& list);

/// restore, check, help, completion: all have a `client`.
std::vector<Command> own_commands();

}  // namespace clarion::ctl
