// clarionctl: administers a running clariond over its Unix socket.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "tools/clarionctl/admin_client.h"
#include "tools/clarionctl/archive_export.h"
#include "tools/clarionctl/ask.h"
#include "tools/clarionctl/import.h"
#include "tools/clarionctl/restore.h"
#include "tools/clarionctl/show.h"
#include "tools/clarionctl/show_push.h"
#include "tools/clarionctl/stop.h"
#include "tools/clarionctl/suggest.h"
#include "tools/clarionctl/trace_command.h"

namespace {

using namespace clarion;
namespace json = boost::json;

struct Settings {
    std::string config, socket;
    bool as_json = false;
};

/// A command the user chose.
struct Order {
    std::string command;
    json::object arguments;
    bool wants_password = false;  // and it is not there yet
    std::string question{};       // to be answered with yes first; empty: none
};

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

/// A test's last step says what came of it.
bool ended_badly(const json::value& steps) {
    const auto* list = steps.if_array();
    const auto* last = list != nullptr && !list->empty() ? list->back().if_object() : nullptr;
    const auto* result = last != nullptr ? last->if_contains("result") : nullptr;
    return result != nullptr && *result == "failed";
}

/// What an empty list of a command's means.
std::string_view none_of(std::string_view command) {
    if (command == "session/list") return "no sessions";
    if (command == "push/list" || command == "push/show") return "no push registrations";
    if (command == "s2s/list") return "no connections with other servers";
    if (command == "archive/stats") return "no archives";
    return "nothing";
}

void show(const Order& order, const json::value& result) {
    if (order.command == "status") return ctl::show_status(std::cout, result);
    if (order.command == "reload") return ctl::show_reload(std::cout, result);
    if (order.command == "user/list") return ctl::show_users(std::cout, result);
    if (order.command == "push/test") return ctl::show_push_test(std::cout, result);
    if (order.command == "push/stats") return ctl::show_push_stats(std::cout, result);
    ctl::show(std::cout, result, none_of(order.command));
}

/// A list that was cut says so, but not among its lines.
void note_cut(const Order& order, const json::value& result) {
    const auto* limit = order.arguments.if_contains("limit");
    if (limit && result.is_array() && result.as_array().size() >= limit->to_number<std::size_t>())
        std::cerr << "clarionctl: these are the first " << *limit
                  << "; there may be more (--limit)\n";
}

int run(const Settings& settings, const std::string& socket, Order order) {
    if (order.command == "user/list" && !settings.as_json) order.arguments["details"] = true;
    const auto result = ctl::AdminClient(socket).ask(order.command, order.arguments);
    if (!result) return complain(settings, result.error());
    if (settings.as_json)
        std::cout << json::serialize(*result) << '\n';
    else
        show(order, *result);
    note_cut(order, *result);
    return ended_badly(*result) ? 1 : 0;
}

int stop_and_wait(const Settings& settings, const std::string& socket) {
    const auto stopped = ctl::stop_and_wait(ctl::AdminClient(socket));
    if (!stopped) return complain(settings, stopped.error());
    std::cout << (settings.as_json ? "{\"stopped\":true}" : "stopped") << '\n';
    return 0;
}

int import(const Settings& settings, const std::string& socket, const std::string& path) {
    const auto done = ctl::import_users(ctl::AdminClient(socket), path);
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

/// What the arguments of all commands are parsed into; each command uses some.
struct Words {
    std::string jid, password, domain, file, level, service, node;
    std::string before, older_than;
    std::int64_t limit = 10000;
    bool password_stdin = false, force = false, yes = false, wait = false, disabled = false;
    bool with_bodies = false;
};

class Commands {
public:
    explicit Commands(CLI::App& app) : app_(app) {
        server();
        backups();
        users();
        sessions();
        push();
        s2s();
        archives();
        trace();
    }
    std::optional<Order>& order() { return order_; }
    bool waits() const { return words_.wait; }
    const std::string& import_file() const { return words_.file; }
    ctl::ExportOrder export_order(const Settings& settings) const {
        return {words_.jid, words_.file, settings.as_json};
    }
    ctl::TraceOrder trace_order(const Settings& settings) const {
        return {words_.jid, words_.domain, words_.with_bodies, settings.as_json};
    }
    ctl::RestoreOrder restore_order(const Settings& settings, const std::string& socket) const {
        return {settings.config, socket, absolute_file(), words_.force, settings.as_json};
    }

private:
    CLI::App* add(
        CLI::App& group, const std::string& name, const std::string& help, std::string command,
        std::function<json::object()> arguments = [] { return json::object(); }) {
        CLI::App* sub = group.add_subcommand(name, help);
        sub->callback([this, command = std::move(command), arguments = std::move(arguments)] {
            order_ = Order{command, arguments()};
        });
        return sub;
    }
    CLI::App& group(const std::string& name, const std::string& help) {
        CLI::App* sub = app_.add_subcommand(name, help);
        sub->require_subcommand(1);
        return *sub;
    }
    void jid(CLI::App* sub, bool required = true,
             const std::string& help = "an account, such as romeo@example.org") {
        auto* option = sub->add_option("JID", words_.jid, help);
        if (required) option->required();
    }
    /// The server has another working directory than whoever types this.
    std::string absolute_file() const {
        return std::filesystem::absolute(words_.file).lexically_normal().string();
    }
    void password(CLI::App* sub) {
        sub->add_option(
            "--password", words_.password,
            "the password (others on this machine may see it: better type it when asked)");
        sub->add_flag("--password-stdin", words_.password_stdin,
                      "read the password from standard input");
    }
    /// A command that needs a password: given here, or asked for later.
    void add_with_password(CLI::App& group, const std::string& name, const std::string& help,
                           const std::string& command) {
        CLI::App* sub = add(group, name, help, command);
        jid(sub);
        password(sub);
        sub->callback([this, command] {
            json::object arguments{{"jid", words_.jid}, {"password", words_.password}};
            if (words_.password_stdin) arguments["password"] = ctl::read_line();
            const bool asked = words_.password.empty() && !words_.password_stdin;
            order_ = Order{command, std::move(arguments), asked};
        });
    }
    /// A command that deletes: asked about at a terminal, unless --yes.
    void ask_first(CLI::App* sub, const std::string& command, std::function<std::string()> question,
                   std::function<json::object()> arguments) {
        sub->add_flag("--yes", words_.yes, "do not ask, at a terminal either");
        sub->callback(
            [this, command, question = std::move(question), arguments = std::move(arguments)] {
                order_ = Order{command, arguments(), false, words_.yes ? "" : question()};
            });
    }

    void server();
    void backups();
    void users();
    void sessions();
    void push();
    void s2s();
    void archives();
    void trace();

    CLI::App& app_;
    Words words_;
    std::optional<Order> order_;
};

void Commands::server() {
    add(app_, "status", "how the server is: version, domains, ports, accounts, sessions, alarms",
        "status");
    auto* stop = add(app_, "stop",
                     "stop the server in order; sleeping and connected sessions can be resumed "
                     "after the next start",
                     "stop");
    stop->add_flag("--wait", words_.wait, "return when its process is gone, a minute at most");
    add(app_, "reload",
        "read the configuration file and the certificates again; says what was applied, which "
        "certificates were loaded anew, and what needs a restart",
        "reload");
    add(app_, "metrics", "all counters, in Prometheus' text format", "metrics");
    auto& log = group("log", "logging");
    auto* level = add(log, "level", "log more or less until the next reload", "log/level", [this] {
        return json::object{{"level", words_.level}};
    });
    level->add_option("LEVEL", words_.level, "debug, info, warning or error")->required();
}

void Commands::backups() {
    auto* make = add(app_, "backup",
                     "write all that the server keeps, as it is at one moment, into a file, while "
                     "it runs; waits until that is made",
                     "backup", [this] {
                         return json::object{{"file", absolute_file()}, {"force", words_.force}};
                     });
    make->add_option("FILE", words_.file,
                     "written by the server, as its user; nobody else may read it")
        ->required();
    make->add_flag("--force", words_.force, "replace the file if there is one");
    auto* use = add(app_, "restore",
                    "make the server's database of a backup; the server must be stopped, and this "
                    "be run as its user",
                    "restore");
    use->add_option("FILE", words_.file, "what backup has made; it is verified first")->required();
    use->add_flag("--force", words_.force,
                  "move a database that is there aside, to data_dir/db.before-restore-TIME");
}

void Commands::users() {
    auto& user = group("user", "accounts");
    const auto with_jid = [this] { return json::object{{"jid", words_.jid}}; };
    add_with_password(user, "add", "create an account", "user/add");
    add_with_password(user, "passwd",
                      "set an account's password; all its sessions end, and its devices log in "
                      "again with the new one",
                      "user/passwd");
    auto* remove = add(user, "delete",
                       "delete an account and everything kept for it; asks at a "
                       "terminal",
                       "user/delete");
    jid(remove);
    ask_first(
        remove, "user/delete",
        [this] { return "Delete " + words_.jid + " and everything kept for it?"; }, with_jid);
    jid(add(user, "disable",
            "let nobody log in to an account, and end its sessions; what comes for it is kept, as "
            "for somebody who is away",
            "user/disable", with_jid));
    jid(add(user, "enable", "the contrary of disable", "user/enable", with_jid));
    jid(add(user, "show", "what there is to know about an account", "user/show", with_jid));
    auto* list = add(user, "list", "all accounts, or those of a domain", "user/list", [this] {
        return json::object{{"domain", words_.domain}, {"disabled", words_.disabled}};
    });
    list->add_option("DOMAIN", words_.domain, "only accounts of this domain");
    list->add_flag("--disabled", words_.disabled, "only those that are disabled");
    auto* bulk = add(user, "import", "create many accounts from a file", "user/import");
    bulk->add_option("FILE", words_.file,
                     "one \"localpart@domain<TAB>password\" per line; - is standard input")
        ->required();
}

void Commands::sessions() {
    auto& session = group("session", "connected and sleeping sessions");
    const auto with_jid = [this] { return json::object{{"jid", words_.jid}}; };
    auto* list = add(session, "list", "sessions of an account, or of all, sleeping ones too",
                     "session/list", [this] {
                         return json::object{{"jid", words_.jid}, {"limit", words_.limit}};
                     });
    jid(list, false);
    list->add_option("--limit", words_.limit, "at most so many")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
        ->capture_default_str();
    jid(add(session, "kick", "end sessions", "session/kick", with_jid), true,
        "an account (all its sessions) or a full JID (that one)");
}

void Commands::push() {
    auto& push = group("push", "push notifications");
    const auto named = [this] {
        return json::object{
            {"jid", words_.jid}, {"service", words_.service}, {"node", words_.node}};
    };
    jid(add(push, "list", "registrations of an account, or of all", "push/list", named), false);
    const auto target = [this](CLI::App* sub, bool service_required) {
        jid(sub);
        auto* service =
            sub->add_option("SERVICE", words_.service, "the push service's JID; all if left out");
        if (service_required) service->required();
        sub->add_option("NODE", words_.node, "only this node there");
    };
    target(add(push, "show", "a registration in full", "push/show", named), false);
    target(add(push, "ping", "send a notification without a message", "push/ping", named), false);
    target(add(push, "test", "send a test notification and say step by step what happened",
               "push/test", named),
           false);
    target(add(push, "remove", "remove registrations at a service", "push/remove", named), true);
    add(push, "stats", "per service: sent, answered, errors, latency, back-off", "push/stats");
}

void Commands::s2s() {
    auto& s2s = group("s2s", "connections with other servers");
    add(s2s, "list", "connections, both ways, and what waits for them", "s2s/list");
    auto* test = add(s2s, "test",
                     "resolve, connect to, secure and authenticate with a domain, saying each step",
                     "s2s/test", [this] {
                         return json::object{{"domain", words_.domain}};
                     });
    test->add_option("DOMAIN", words_.domain, "a remote domain")->required();
}

void Commands::archives() {
    auto& archive = group("archive", "message archives");
    const auto words = [this] {
        return json::object{
            {"jid", words_.jid}, {"before", words_.before}, {"older_than", words_.older_than}};
    };
    jid(add(archive, "stats", "messages in an account's archive, or in those of each domain",
            "archive/stats", words),
        false, "an account, or a domain; all domains if left out");
    auto* purge = add(archive, "purge",
                      "remove messages from archives, at once and for good; asks at a terminal, "
                      "says how many. The disk is used again a day or two later",
                      "archive/purge");
    jid(purge, true, "an account, or a domain: all archives there");
    const auto question = [this] {
        const std::string what = !words_.before.empty() ? "messages from before " + words_.before
                                 : !words_.older_than.empty()
                                     ? "messages older than " + words_.older_than
                                     : "all messages";
        return "Remove " + what + " from the archive of " + words_.jid + ", for good?";
    };
    ask_first(purge, "archive/purge", question, words);
    auto* before = purge->add_option(
        "--before", words_.before,
        "only messages from before this date (UTC), such as 2026-01-31 or 2026-01-31T12:00:00Z");
    purge
        ->add_option("--older-than", words_.older_than,
                     "only messages older than this, such as 90d or 12h")
        ->excludes(before);
    auto* save = add(archive, "export",
                     "write an archive as one XML document (XEP-0227); with --json, a line of JSON "
                     "per message",
                     "archive/export", words);
    jid(save);
    save->add_option("FILE", words_.file,
                     "where to write it, readable by its owner only; standard output if left out");
}

void Commands::trace() {
    auto* show = add(app_, "trace",
                     "show live what an account's sessions, or the streams of another server, say; "
                     "until it is interrupted. Never shows passwords, tokens and the like",
                     "trace");
    jid(show, false,
        "an account (all its sessions, those that hibernate or log in later too) or a full JID");
    show->add_option("--s2s", words_.domain, "all streams with this server, or of this component");
    show->add_flag("--with-bodies", words_.with_bodies,
                   "what people wrote too, not only how long it is; the server's log says so");
}

/// Where it went decides what is said: the document itself may be on standard output.
int export_archive(const Settings& settings, const std::string& socket,
                   const ctl::ExportOrder& order) {
    const auto count = ctl::export_archive(ctl::AdminClient(socket), order);
    if (!count) return complain(settings, count.error());
    std::cerr << *count << " messages written\n";
    return 0;
}

/// What the order still needs from the person who gave it.
Result<> complete(Order& order) {
    if (!order.question.empty() && !ctl::confirm(order.question))
        return fail("cancelled", "nothing was deleted");
    if (!order.wants_password) return {};
    const auto password = ctl::ask_for_password();
    if (!password) return password.error();
    order.arguments["password"] = *password;
    return {};
}

int carry_out(const Settings& settings, Commands& commands) {
    Order& order = *commands.order();
    const auto socket = socket_path(settings);
    if (!socket) return complain(settings, socket.error());
    if (auto whole = complete(order); !whole) return complain(settings, whole.error());
    if (order.command == "restore")
        return complain(settings, ctl::restore(commands.restore_order(settings, *socket)));
    if (order.command == "user/import") return import(settings, *socket, commands.import_file());
    if (order.command == "archive/export")
        return export_archive(settings, *socket, commands.export_order(settings));
    if (order.command == "trace") {
        const auto done = ctl::trace(ctl::AdminClient(*socket), commands.trace_order(settings));
        return done ? 0 : complain(settings, done.error());
    }
    if (order.command == "stop" && commands.waits()) return stop_and_wait(settings, *socket);
    return run(settings, *socket, std::move(order));
}

/// What the parser refuses; --help and --version are among it.
int explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
    if (error.get_exit_code() != 0)
        if (const auto unknown = ctl::explain_unknown(app, {argv + 1, argv + argc})) {
            std::cerr << "clarionctl: " << *unknown << '\n';
            return 2;
        }
    return app.exit(error) == 0 ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("clarionctl administers a running clariond.", "clarionctl");
    Settings settings;
    app.add_option("--config", settings.config,
                   "the server's configuration file: says where its admin socket is");
    app.add_option("--socket", settings.socket, "the admin socket itself");
    app.add_flag("--json", settings.as_json, "print results as JSON");
    app.set_version_flag("--version", "clarionctl " CLARION_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    Commands commands(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return explain(app, error, argc, argv);
    }
    if (!commands.order()) return 2;
    return carry_out(settings, commands);
}
