// CommandLine: what is typed, read by the list of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tools/clarionctl/command_list.h"

namespace clarion::ctl {

struct Settings {
    std::string config, socket;
    bool as_json = false;
};

/// --config, --socket, --json, --version: before a command or behind it.
void add_settings(CLI::App& app, Settings& settings);

/// A command the user chose.
struct Order {
    Command command;
    boost::json::object arguments{};   // what was given, and what is usual
    std::vector<std::string> words{};  // those of `help`
    bool wants_password = false;       // and it is not there yet
    std::string question{};            // to be answered with yes first; empty: none
};

class CommandLine {
public:
    /// Adds the commands to `app`, which it must not outlive.
    CommandLine(CLI::App& app, const CommandList& list);
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    /// What app.parse() found; nullopt: no command.
    std::optional<Order> order() const;

private:
    /// An argument, and where the parser puts what was typed.
    struct Slot {
        Argument argument;
        std::string text{};
        std::vector<std::string> words{};
        std::int64_t number = 0;
        bool flag = false;  // of a password: it is on standard input
        CLI::Option* option = nullptr;
    };
    struct Entry {
        Command command;
        CLI::App* app = nullptr;
        std::deque<Slot> slots{};
        bool yes = false;
    };

    void add(CLI::App& app, const CommandList& list, const Command& command);
    static void add_argument(CLI::App& app, Slot& slot);
    static void read(const Slot& slot, Order& order);

    std::deque<Entry> entries_;
};

}  // namespace clarion::ctl
