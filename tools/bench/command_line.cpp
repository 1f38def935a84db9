#include "tools/bench/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace clarion::bench {

namespace {

constexpr const char* about =
    "clarion-bench measures an XMPP server: it logs in many clients from one process, lets them "
    "be\n"
    "idle, chat or sleep, and reports what that cost the server and how long it took.\n"
    "It works with any server that does RFC 6120; give --server-pid to see memory and CPU.\n";

constexpr const char* examples =
    "\nA first run against clariond on this machine, domain localhost, without TLS:\n"
    "  clarion-bench accounts -n 2000 --accounts-file accounts.txt --domain localhost\n"
    "  clarionctl --config clarion.toml user import accounts.txt\n"
    "  clarion-bench idle -n 2000 --sm --carbons --server-pid $(pidof clariond)\n"
    "  clarion-bench chat -n 100 --in-flight 4 --duration 10 --server-pid $(pidof clariond)\n"
    "The server must allow many connections from one address and, without --tls, plain streams.\n"
    "  clarion-bench mam -n 4 --fill 1000 --sm --server-pid $(pidof clariond)\n"
    "  clarion-bench sleep -n 2000; systemctl restart clarion; clarion-bench resume\n"
    "tests/bench/peers.py compares clariond, Prosody and ejabberd; tests/bench/restart.py "
    "restarts.\n";

const std::map<std::string, TlsMode> tls_modes{
    {"none", TlsMode::none}, {"starttls", TlsMode::starttls}, {"direct", TlsMode::direct}};
const std::map<std::string, Auth> auth_modes{{"scram-sha-256", Auth::scram_sha_256},
                                             {"scram-sha-1", Auth::scram_sha_1},
                                             {"plain", Auth::plain}};

const std::map<std::string, PhoneState> phone_states{{"offline", PhoneState::offline},
                                                     {"asleep", PhoneState::asleep}};
const std::map<std::string, Direction> directions{
    {"forward", Direction::forward}, {"backward", Direction::backward}, {"both", Direction::both}};

void add_target(CLI::App& app, Target& target) {
    app.add_option("--host", target.host, "address or name to connect to")->capture_default_str();
    app.add_option("--port", target.port, "its port for clients")->capture_default_str();
    app.add_option("--domain", target.domain, "the XMPP domain of the accounts")
        ->capture_default_str();
    app.add_option("--tls", target.tls, "none, starttls or direct; certificates are not checked")
        ->transform(CLI::CheckedTransformer(tls_modes, CLI::ignore_case));
    app.add_option("--websocket", target.websocket,
                   "connect to the WebSocket of this path (/ws), with --tls direct or none");
    app.add_option("--auth", target.auth, "scram-sha-256 (default), scram-sha-1 or plain")
        ->transform(CLI::CheckedTransformer(auth_modes, CLI::ignore_case));
    app.add_option("--server-pid", target.server_pid,
                   "process id of the server, here: report its memory and CPU, with its children");
    app.add_option("--source-addresses", target.source_addresses,
                   "connect from so many of 127.0.0.1, 127.0.0.2, … in turn (over 28,000 sessions)")
        ->check(CLI::Range(1, 250));
}

void add_crowd(CLI::App& app, Crowding& crowd) {
    app.add_option("-n,--sessions", crowd.sessions, "how many accounts log in, one session each")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--user-prefix", crowd.prefix, "accounts are PREFIX0@domain, PREFIX1@domain, …")
        ->capture_default_str();
    app.add_option("--first-user", crowd.first_user, "number of the first account");
    app.add_option("--password", crowd.password, "password of all accounts")->capture_default_str();
    app.add_option("--parallel-logins", crowd.parallel_logins, "logins under way at a time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--login-timeout", crowd.login_timeout, "seconds one login may take")
        ->capture_default_str();
    app.add_flag("--sm", crowd.stream_management, "enable stream management (XEP-0198), resumable");
    app.add_flag("--carbons", crowd.carbons, "enable message carbons (XEP-0280)");
    app.add_flag("!--no-presence", crowd.presence, "do not become available");
    app.add_option("--settle", crowd.settle, "seconds of quiet before memory is read")
        ->capture_default_str();
}

void add_chat(CLI::App& app, Chatting& chat) {
    app.add_option("--in-flight", chat.in_flight, "messages under way per session")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--body", chat.body_bytes, "bytes in each message's body")
        ->capture_default_str();
    app.add_option("--duration", chat.duration, "seconds to measure")->capture_default_str();
    app.add_option("--count", chat.count, "instead: this many messages from each session");
    app.add_option("--warm-up", chat.warm_up, "seconds of the same traffic before measuring")
        ->capture_default_str();
    app.add_option("--rate", chat.rate,
                   "messages/s in all, at fixed times; latency counts from when each was due");
    app.add_option("--ack-every", chat.ack_every,
                   "with --sm: ask for an acknowledgement after so many messages, and time it");
}

void add_mam(CLI::App& app, Paging& paging) {
    app.add_option("--page", paging.page, "messages to ask for at a time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--in-flight", paging.in_flight,
                   "readers of each archive; each asks for its next page when the last one came")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--fill", paging.fill,
                   "messages each archive gets first, sent in pairs; 0: read what is there")
        ->capture_default_str();
    app.add_option("--body", paging.body_bytes, "bytes in the body of each of those")
        ->capture_default_str();
    app.add_option("--direction", paging.direction,
                   "forward (after=), backward (before=) or both (default), in turn")
        ->transform(CLI::CheckedTransformer(directions, CLI::ignore_case));
    app.add_option("--duration", paging.duration, "seconds to measure")->capture_default_str();
    app.add_option("--warm-up", paging.warm_up, "seconds of paging before measuring")
        ->capture_default_str();
}

void add_pep(CLI::App& app, Publishing& pep) {
    app.add_option("--publishers", pep.publishers,
                   "so many of the sessions publish; all others are contacts of each of them")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--rate", pep.rate,
                   "publishes/s of all at fixed times; 0: as fast as contacts hear of them")
        ->capture_default_str();
    app.add_option("--in-flight", pep.in_flight,
                   "with --rate 0: publishes of each that not all contacts have heard of")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--payload", pep.payload_bytes, "bytes of text in each item")
        ->capture_default_str();
    app.add_option("--duration", pep.duration, "seconds to measure")->capture_default_str();
    app.add_option("--warm-up", pep.warm_up, "seconds of the same before measuring")
        ->capture_default_str();
}

void add_items(CLI::App& app, Paging& paging) {
    app.add_option("--page", paging.page, "items to ask for at a time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--fill", paging.fill, "items that each node gets first")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--body", paging.body_bytes, "bytes of text in each of those")
        ->capture_default_str();
    app.add_option("--duration", paging.duration, "seconds to measure")->capture_default_str();
    app.add_option("--warm-up", paging.warm_up, "seconds of paging before measuring")
        ->capture_default_str();
}

void add_room(CLI::App& app, Talking& talk) {
    app.add_option("--service", talk.service, "the domain of the service of rooms")
        ->capture_default_str();
    app.add_option("--room", talk.name, "the room's name there")->capture_default_str();
    app.add_option("--speakers", talk.speakers, "so many of the sessions speak, in turn")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--rate", talk.rate, "messages/s of all speakers, at fixed times")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--body", talk.body_bytes, "bytes in each message's body")
        ->capture_default_str();
    app.add_option("--duration", talk.duration, "seconds to measure")->capture_default_str();
    app.add_option("--warm-up", talk.warm_up, "seconds of the same before measuring")
        ->capture_default_str();
}

void add_gateway(CLI::App& app, Pushing& push) {
    app.add_option("--component", push.component_domain,
                   "domain of the push gateway, which this program attaches as (XEP-0114)")
        ->capture_default_str();
    app.add_option("--component-secret", push.component_secret, "its secret")
        ->capture_default_str();
    app.add_option("--component-port", push.component_port, "the server's port for components")
        ->capture_default_str();
    app.add_option("--phones", push.state,
                   "offline (default): no session; asleep: their connections are cut")
        ->transform(CLI::CheckedTransformer(phone_states, CLI::ignore_case));
    app.add_option("--patience", push.patience,
                   "seconds without a publish after which a message counts as without one")
        ->capture_default_str();
}

void add_push(CLI::App& app, Pushing& push) {
    add_gateway(app, push);
    app.add_option("--rate", push.rate,
                   "messages/s at fixed times to phones in random order; 0: as fast as it goes")
        ->capture_default_str();
    app.add_option("--in-flight", push.in_flight,
                   "with --rate 0: messages that wait for their publish")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_flag("!--no-prime", push.prime,
                 "do not begin with one message to each phone: servers create files and the like "
                 "for an account's first");
    app.add_option("--senders", push.senders, "sessions that send them, in turn")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--spacing", push.spacing,
                   "seconds at least between two messages to one phone that sleeps: servers merge "
                   "notifications closer together")
        ->capture_default_str();
    app.add_option("--duration", push.duration, "seconds to measure")->capture_default_str();
    app.add_option("--warm-up", push.warm_up, "seconds of the same traffic before measuring")
        ->capture_default_str();
}

void add_outage(CLI::App& app, Pushing& push) {
    add_gateway(app, push);
    app.add_option("--outage", push.outage,
                   "seconds until the gateway attaches, after the last message and --settle")
        ->capture_default_str();
}

void add_sleep(CLI::App& app, Sleeping& sleeping) {
    app.add_option("--messages", sleeping.messages, "messages to each session once all are asleep")
        ->capture_default_str();
    app.add_option("--body", sleeping.body_bytes, "bytes in the body of each of those")
        ->capture_default_str();
    app.add_flag("--rolling", sleeping.rolling,
                 "cut each connection when its session is ready, not all together at the end");
    app.add_flag("--until-stopped", sleeping.until_stopped,
                 "instead: note the sessions, then wait until the server is stopped and cuts them");
    app.add_option("--state-file", sleeping.state_file, "where to note the sleeping sessions")
        ->capture_default_str();
}

void add_resume(CLI::App& app, Sleeping& sleeping) {
    app.add_option("--state-file", sleeping.state_file, "what sleep wrote")->capture_default_str();
    app.add_flag("--rolling", sleeping.rolling,
                 "end each stream when its messages have come, not all together at the end");
}

void add_modes(CLI::App& app, Settings& settings) {
    const auto mode = [&](Mode which, const char* name, const char* help) -> CLI::App& {
        auto* added = app.add_subcommand(name, help);
        added->callback([&settings, which] { settings.mode = which; });
        return *added;
    };
    auto& accounts =
        mode(Mode::accounts, "accounts", "write the accounts, for clarionctl user import");
    accounts.add_option("--accounts-file", settings.accounts_file,
                        "where to; standard output if left out");
    accounts.add_option("--database", settings.database,
                        "instead: the data directory of a stopped clariond, where they are made; "
                        "all with one salt, so that logging in 100,000 does not take minutes");
    mode(Mode::idle, "idle", "log in, do nothing: memory of the server for each session");
    add_chat(
        mode(Mode::chat, "chat", "sessions in pairs send each other messages: rate, latency, CPU"),
        settings.chat);
    add_mam(mode(Mode::mam, "mam",
                 "sessions page through their archives (XEP-0313): rate, latency, CPU"),
            settings.paging);
    add_pep(mode(Mode::pep, "pep",
                 "accounts publish to contacts (XEP-0163): rate, latency of both, CPU"),
            settings.pep);
    add_items(mode(Mode::items, "items",
                   "sessions page through a node of theirs (XEP-0060): rate, latency, CPU"),
              settings.paging);
    add_room(
        mode(Mode::room, "room",
             "sessions in one room hear what some of them say (XEP-0045): latency, CPU, memory"),
        settings.room);
    add_push(mode(Mode::push, "push", "messages to phones: how soon pushes go out, and how many"),
             settings.push);
    add_outage(mode(Mode::outage, "outage",
                    "each phone gets a message while the gateway is away: memory, CPU, its return"),
               settings.push);
    add_sleep(mode(Mode::sleep, "sleep",
                   "sessions lose their connections, sleep and get messages: first half of resume"),
              settings.sleeping);
    add_resume(
        mode(Mode::resume, "resume",
             "sessions that sleep are resumed, --parallel-logins at a time: what came, when"),
        settings.sleeping);
}

}  // namespace

Result<Settings> parse_command_line(int argc, char** argv) {
    Settings settings;
    CLI::App app(about, "clarion-bench");
    app.footer(examples);
    app.set_version_flag("--version", "clarion-bench " CLARION_VERSION);
    app.add_flag("--json", settings.json, "print the results as one JSON object");
    app.require_subcommand(1);
    app.fallthrough();
    add_target(app, settings.target);
    add_crowd(app, settings.crowd);
    add_modes(app, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return fail("exit", std::to_string(app.exit(error)));
    }
    return settings;
}

std::string account_name(const Settings& settings, std::size_t index) {
    return settings.crowd.prefix + std::to_string(settings.crowd.first_user + index);
}

std::string account_jid(const Settings& settings, std::size_t index) {
    return account_name(settings, index) + "@" + settings.target.domain;
}

}  // namespace clarion::bench
