// clarionctl: administers a running clariond over its Unix socket.
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "tools/clarionctl/admin_client.h"
#include "tools/clarionctl/archive_export.h"
#include "tools/clarionctl/restore.h"
#include "tools/clarionctl/show.h"
#include "tools/clarionctl/show_push.h"

namespace {

using namespace clarion;
namespace json = boost::json;

struct Settings {
    std::string config, socket;
    bool as_json = false;
};

/// A command the user chose, ready to be sent.
struct Order {
    std::string command;
    json::object arguments;
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

std::string ask_for_password() {
    termios before{};
    const bool terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        std::cerr << "Password: " << std::flush;
        termios quiet = before;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    std::string line;
    std::getline(std::cin, line);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
        std::cerr << '\n';
    }
    return line;
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

using Show = void (*)(std::ostream&, const json::value&);

Show way_to_show(std::string_view command) {
    if (command == "status") return ctl::show_status;
    if (command == "push/test") return ctl::show_push_test;
    if (command == "push/stats") return ctl::show_push_stats;
    return ctl::show;
}

int run(const Settings& settings, const std::string& socket, const Order& order) {
    const auto result = ctl::AdminClient(socket).ask(order.command, order.arguments);
    if (!result) return complain(settings, result.error());
    if (settings.as_json)
        std::cout << json::serialize(*result) << '\n';
    else
        way_to_show(order.command)(std::cout, *result);
    return ended_badly(*result) ? 1 : 0;
}

/// "localpart@domain<TAB>password" per line, sent in slices. Lines that make no sense are reported
/// and skipped.
int import(const Settings& settings, const std::string& socket, const std::string& path) {
    constexpr std::size_t slice = 1000;
    std::ifstream file;
    if (path != "-") file.open(path);
    std::istream& in = path == "-" ? std::cin : file;
    if (!in) return complain(settings, fail("usage", "cannot read " + path));
    const ctl::AdminClient client(socket);
    std::int64_t created = 0, problems = 0;
    json::array users;
    const auto flush = [&]() -> Result<> {
        if (users.empty()) return {};
        auto result = client.ask("user/import", {{"users", std::exchange(users, {})}});
        if (!result) return result.error();
        const auto& said = result->as_object();
        created += said.at("created").to_number<std::int64_t>();
        for (const auto& jid : said.at("existing").as_array()) {
            std::cerr << jid.as_string().c_str() << ": exists already\n";
            ++problems;
        }
        for (const auto& user : said.at("refused").as_array()) {
            std::cerr << user.at("jid").as_string().c_str() << ": "
                      << user.at("text").as_string().c_str() << '\n';
            ++problems;
        }
        return {};
    };
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.front() == '#') continue;
        const auto tab = line.find('\t');
        if (tab == std::string::npos || tab + 1 == line.size()) {
            std::cerr << path << ':' << number << ": expected localpart@domain<TAB>password\n";
            ++problems;
            continue;
        }
        users.push_back({{"jid", line.substr(0, tab)}, {"password", line.substr(tab + 1)}});
        if (users.size() == slice)
            if (auto sent = flush(); !sent) return complain(settings, sent.error());
    }
    if (auto sent = flush(); !sent) return complain(settings, sent.error());
    if (settings.as_json)
        std::cout << json::serialize(json::object{{"created", created}, {"problems", problems}})
                  << '\n';
    else
        std::cout << created << " accounts created, " << problems << " lines with problems\n";
    return problems == 0 ? 0 : 1;
}

/// What the arguments of all commands are parsed into; each command uses some.
struct Words {
    std::string jid, password, domain, file, level, service, node;
    std::string before, older_than;
    bool password_stdin = false, force = false;
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
    }
    const std::optional<Order>& order() const { return order_; }
    const std::string& import_file() const { return words_.file; }
    ctl::ExportOrder export_order(const Settings& settings) const {
        return {words_.jid, words_.file, settings.as_json};
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
    std::string given_password() const {
        return words_.password.empty() || words_.password_stdin ? ask_for_password()
                                                                : words_.password;
    }
    void password(CLI::App* sub) {
        sub->add_option(
            "--password", words_.password,
            "the password (others on this machine may see it: better type it when asked)");
        sub->add_flag("--password-stdin", words_.password_stdin,
                      "read the password from standard input");
    }

    void server();
    void backups();
    void users();
    void sessions();
    void push();
    void s2s();
    void archives();

    CLI::App& app_;
    Words words_;
    std::optional<Order> order_;
};

void Commands::server() {
    add(app_, "status", "how the server is: version, domains, ports, accounts, sessions, alarms",
        "status");
    add(app_, "stop",
        "stop the server in order; sleeping and connected sessions can be resumed after the next "
        "start",
        "stop");
    add(app_, "reload",
        "read the configuration file again; says what was applied and what needs a restart",
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
    const auto with_password = [this] {
        return json::object{{"jid", words_.jid}, {"password", given_password()}};
    };
    const auto with_jid = [this] { return json::object{{"jid", words_.jid}}; };
    auto* create = add(user, "add", "create an account", "user/add", with_password);
    jid(create);
    password(create);
    auto* change = add(user, "passwd", "set an account's password", "user/passwd", with_password);
    jid(change);
    password(change);
    jid(add(user, "delete", "delete an account and everything kept for it", "user/delete",
            with_jid));
    jid(add(user, "show", "what there is to know about an account", "user/show", with_jid));
    auto* list = add(user, "list", "all accounts, or those of a domain", "user/list", [this] {
        return json::object{{"domain", words_.domain}};
    });
    list->add_option("DOMAIN", words_.domain, "only accounts of this domain");
    auto* bulk = add(user, "import", "create many accounts from a file", "user/import");
    bulk->add_option("FILE", words_.file,
                     "one \"localpart@domain<TAB>password\" per line; - is standard input")
        ->required();
}

void Commands::sessions() {
    auto& session = group("session", "connected and sleeping sessions");
    const auto with_jid = [this] { return json::object{{"jid", words_.jid}}; };
    jid(add(session, "list", "sessions of an account, or of all accounts in memory", "session/list",
            with_jid),
        false);
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
        return json::object{{"jid", words_.jid},
                            {"before", words_.before},
                            {"older_than", words_.older_than}};
    };
    jid(add(archive, "stats", "messages in an account's archive, or in those of each domain",
            "archive/stats", words),
        false, "an account, or a domain; all domains if left out");
    auto* purge = add(archive, "purge",
                      "remove messages from archives, at once and for good; asks nothing, says how "
                      "many. The disk is used again a day or two later",
                      "archive/purge", words);
    jid(purge, true, "an account, or a domain: all archives there");
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

/// Where it went decides what is said: the document itself may be on standard output.
int export_archive(const Settings& settings, const std::string& socket,
                   const ctl::ExportOrder& order) {
    const auto count = ctl::export_archive(ctl::AdminClient(socket), order);
    if (!count) return complain(settings, count.error());
    std::cerr << *count << " messages written\n";
    return 0;
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
    CLI11_PARSE(app, argc, argv);
    if (!commands.order()) return 2;
    const auto socket = socket_path(settings);
    if (!socket) return complain(settings, socket.error());
    if (commands.order()->command == "restore")
        return complain(settings, ctl::restore(commands.restore_order(settings, *socket)));
    if (commands.order()->command == "user/import")
        return import(settings, *socket, commands.import_file());
    if (commands.order()->command == "archive/export")
        return export_archive(settings, *socket, commands.export_order(settings));
    return run(settings, *socket, *commands.order());
}
