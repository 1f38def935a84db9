// clarionctl: administers a running clariond over its Unix socket. It asks the server what there is
// to ask for (command_list.h); here is what it does itself.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "tools/clarionctl/admin_client.h"
#include "tools/clarionctl/archive_export.h"
#include "tools/clarionctl/ask.h"
#include "tools/clarionctl/clariond_program.h"
#include "tools/clarionctl/command_line.h"
#include "tools/clarionctl/command_list.h"
#include "tools/clarionctl/completion.h"
#include "tools/clarionctl/import.h"
#include "tools/clarionctl/show.h"
#include "tools/clarionctl/stop.h"
#include "tools/clarionctl/suggest.h"
#include "tools/clarionctl/trace_command.h"
#include "tools/clarionctl/user_export.h"

namespace {

using namespace clarion;
namespace json = boost::json;
using ctl::Order;
using ctl::Settings;
using Words = std::vector<std::string>;

/// Where the server listens: --socket, or what --config says, or the places a packaged or
/// quick-started server uses.
Result<std::string> socket_path(const Settings& settings) {
    if (!settings.socket.empty()) return settings.socket;
    if (!settings.config.empty()) return ctl::admin_socket_of(settings.config);
    for (const char* path : {"run/data/admin.sock", "/run/clarion/admin.sock"})
        if (::access(path, F_OK) == 0) return std::string(path);
    return std::string("/run/clarion/admin.sock");
}

int complain(const Settings& settings, const Error& error) {
    if (settings.as_json)
        std::cout << json::serialize(json::object{
                         {"ok", false}, {"error", {{"code", error.code}, {"text", error.text}}}})
                  << '\n';
    std::cerr << "clarionctl: " << (error.text.empty() ? error.code : error.text) << '\n';
    return 1;
}

std::string text(const Order& order, std::string_view name) {
    const json::value* value = order.arguments.if_contains(name);
    return value ? std::string(value->as_string()) : std::string();
}

bool flag(const Order& order, std::string_view name) {
    const json::value* value = order.arguments.if_contains(name);
    return value && value->as_bool();
}

// ---- what the server carries out ---------------------------------------------------------------

/// A test's last step says what came of it.
bool ended_badly(const json::value& steps) {
    const auto* list = steps.if_array();
    const auto* last = list != nullptr && !list->empty() ? list->back().if_object() : nullptr;
    const auto* result = last != nullptr ? last->if_contains("result") : nullptr;
    return result != nullptr && *result == "failed";
}

/// A list that was cut says so, but not among its lines.
void note_cut(const Order& order, const json::value& result) {
    const auto* limit = order.arguments.if_contains("limit");
    if (limit && result.is_array() && result.as_array().size() >= limit->to_number<std::size_t>())
        std::cerr << "clarionctl: these are the first " << *limit
                  << "; there may be more (--limit)\n";
}

int ask_server(const Settings& settings, const ctl::AdminClient& client, Order order) {
    for (const auto& argument : order.command.arguments)
        if (argument.kind == "for-table" && !settings.as_json)
            order.arguments[argument.name] = true;
    std::string command = order.command.name;
    std::replace(command.begin(), command.end(), ' ', '/');
    const auto result = client.ask(command, order.arguments);
    if (!result) return complain(settings, result.error());
    if (settings.as_json)
        std::cout << json::serialize(*result) << '\n';
    else
        ctl::show(std::cout, order.command, *result);
    note_cut(order, *result);
    return ended_badly(*result) ? 1 : 0;
}

// ---- what is carried out here ------------------------------------------------------------------

int stop(const Settings& settings, const ctl::AdminClient& client, Order order) {
    if (!flag(order, "wait")) return ask_server(settings, client, std::move(order));
    const auto stopped = ctl::stop_and_wait(client);
    if (!stopped) return complain(settings, stopped.error());
    std::cout << (settings.as_json ? "{\"stopped\":true}" : "stopped") << '\n';
    return 0;
}

int import(const Settings& settings, const ctl::AdminClient& client, const Order& order) {
    const auto done = ctl::import_users(client, text(order, "file"));
    if (!done) return complain(settings, done.error());
    if (settings.as_json)
        std::cout << json::serialize(
                         json::object{{"created", done->created}, {"problems", done->problems}})
                  << '\n';
    else
        std::cout << done->created << " accounts created, " << done->problems
                  << " lines with problems\n";
    return done->problems == 0 ? 0 : 1;
}

/// Where it went decides what is said: the document itself may be on standard output.
int export_archive(const Settings& settings, const ctl::AdminClient& client, const Order& order) {
    const auto count =
        ctl::export_archive(client, {text(order, "jid"), text(order, "file"), settings.as_json});
    if (!count) return complain(settings, count.error());
    std::cerr << *count << " messages written\n";
    return 0;
}

int export_user(const Settings& settings, const ctl::AdminClient& client, const Order& order) {
    const auto bytes = ctl::export_user(
        client, {text(order, "jid"), text(order, "file"), flag(order, "with_credentials")});
    if (!bytes) return complain(settings, bytes.error());
    std::cerr << *bytes << " bytes written\n";
    return 0;
}

int trace(const Settings& settings, const ctl::AdminClient& client, const Order& order) {
    const auto done = ctl::trace(client, {text(order, "jid"), text(order, "s2s"),
                                          flag(order, "with_bodies"), settings.as_json});
    return done ? 0 : complain(settings, done.error());
}

int help(const CLI::App& app, const Words& words) {
    if (const auto unknown = ctl::explain_unknown(app, words)) {
        std::cerr << "clarionctl: " << *unknown << '\n';
        return 2;
    }
    std::string name = app.get_name();
    for (const auto& word : words) name += " " + word;
    const auto place = ctl::place_of(app, words);
    std::cout << app.get_formatter()->make_help(place->command, name, CLI::AppFormatMode::Normal);
    return 0;
}

// ---- from words to what is done ----------------------------------------------------------------

/// What the order still needs from the person who gave it.
Result<> complete(Order& order) {
    if (!order.question.empty() && !ctl::confirm(order.question))
        return fail("cancelled", "nothing was done");
    if (!order.wants_password) return {};
    const auto password = ctl::ask_for_password();
    if (!password) return password.error();
    order.arguments["password"] = *password;
    return {};
}

int carry_out(const Settings& settings, const CLI::App& app, Order order) {
    const std::string& client = order.command.client;
    if (client == "help") return help(app, order.words);
    if (client == "completion") return std::cout << ctl::completion_script() ? 0 : 1;
    if (client == "check") return complain(settings, ctl::check(settings.config));
    const auto socket = socket_path(settings);
    if (!socket) return complain(settings, socket.error());
    if (client == "restore")
        return complain(settings, ctl::restore({settings.config, *socket, text(order, "file"),
                                                flag(order, "force"), settings.as_json}));
    if (auto whole = complete(order); !whole) return complain(settings, whole.error());
    const ctl::AdminClient server(*socket);
    if (client.empty()) return ask_server(settings, server, std::move(order));
    if (client == "stop") return stop(settings, server, std::move(order));
    if (client == "user-import") return import(settings, server, order);
    if (client == "user-export") return export_user(settings, server, order);
    if (client == "archive-export") return export_archive(settings, server, order);
    if (client == "trace") return trace(settings, server, order);
    return complain(settings, fail("usage",
                                   "this clarionctl does not know how to do that: it is "
                                   "older than the server"));
}

Result<ctl::CommandList> commands_of_server(const Settings& settings) {
    const auto socket = socket_path(settings);
    if (!socket) return socket.error();
    const auto list = ctl::AdminClient(*socket).ask("commands", {});
    if (!list) return list.error();
    return ctl::read_commands(*list);
}

/// Reads --config, --socket and --json, wherever they stand, and returns the other words. What is
/// wrong with them is said when all are read.
Words read_settings(const Words& words, Settings& settings) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    ctl::add_settings(app, settings);
    try {
        app.parse(Words(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError&) {
    }
    return app.remaining();
}

/// Whether it is the server that is needed to understand `words`: to carry them out, or for help
/// with them.
bool is_for_server(const Words& words, const std::vector<ctl::Command>& own) {
    const auto command = std::find_if(words.begin(), words.end(), [](const std::string& word) {
        return !word.empty() && word.front() != '-' && word != "help";
    });
    return command != words.end() &&
           std::none_of(own.begin(), own.end(),
                        [&](const ctl::Command& each) { return each.name == *command; });
}

/// What the parser refuses; --help and --version are among it.
int explain(const CLI::App& app, const CLI::ParseError& error, const Words& words) {
    if (error.get_exit_code() != 0)
        if (const auto unknown = ctl::explain_unknown(app, words)) {
            std::cerr << "clarionctl: " << *unknown << '\n';
            return 2;
        }
    return app.exit(error) == 0 ? 0 : 2;
}

int run(CLI::App& app, const Settings& settings, const ctl::CommandLine& line, const Words& words) {
    try {
        app.parse(Words(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
        return explain(app, error, words);
    }
    auto order = line.order();
    return order ? carry_out(settings, app, std::move(*order)) : 2;
}

/// What was to be shown may be all that the command was for: it has failed if it went nowhere.
int with_output_written(int code) {
    if (std::cout.flush()) return code;
    std::cerr << "clarionctl: cannot write to standard output: " << std::strerror(errno) << '\n';
    return 1;
}

int run(int argc, char** argv) {
    Words words(argv + 1, argv + argc);
    const bool completing = words.size() > 1 && words[0] == "completion" && words[1] == "--";
    if (completing) words.erase(words.begin(), words.begin() + 2);
    Settings settings;
    const Words others = read_settings(words, settings);
    const auto own = ctl::own_commands();
    const auto of_server = commands_of_server(settings);

    CLI::App app("clarionctl administers a running clariond.", "clarionctl");
    ctl::add_settings(app, settings);
    app.set_version_flag("--version", "clarionctl " CLARION_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    ctl::CommandList list = of_server ? *of_server : ctl::CommandList{};
    list.commands.insert(list.commands.end(), own.begin(), own.end());
    const ctl::CommandLine line(app, list);
    if (completing) {
        for (const auto& word : ctl::completions(app, words)) std::cout << word << '\n';
        return 0;
    }
    if (!of_server) {
        if (is_for_server(others, own)) return complain(settings, of_server.error());
        app.footer("Only what needs no server is listed: " + of_server.error().text);
    }
    return run(app, settings, line, words);
}

}  // namespace

int main(int argc, char** argv) { return with_output_written(run(argc, argv)); }
