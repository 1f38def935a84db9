#include "tests/script/runner/stage.h"

#include <poll.h>

#include <algorithm>

#include "base/text.h"

namespace clarion::script {

namespace {

Millis scaled(Millis time, double factor) {
    return Millis(static_cast<Millis::rep>(static_cast<double>(time.count()) * factor));
}

Millis timeout_of(const Script& script, double patience) {
    const auto seconds = parse_int(script.setting("timeout", "5")).value_or(5);
    return scaled(Millis(seconds * 1000), patience);
}

bool is_listed(std::string_view list, std::string_view word) {
    for (const auto entry : split(list, ' ')) {
        if (trim(entry) == word) return true;
    }
    return false;
}

}  // namespace

Stage::Stage(const Script& script, std::string_view source, const StageOptions& options)
    : script_(script),
      source_(source),
      options_(options),
      timeout_(timeout_of(script, options.patience)),
      in_order_(script.setting("order") == "strict"),
      transcript_(options.verbose),
      server_(options.programs) {
    if (options.keep) server_.keep();
}

Stage::~Stage() = default;

Result<void> Stage::play() {
    if (!options_.external) {
        if (auto started = start_server(); !started) return started;
    }
    make_peers();
    for (const auto& step : script_.steps) {
        remember_jids();
        transcript_.note("line " + std::to_string(step.line), step.actor + " " + step.action);
        if (auto done = run(step); !done) {
            return fail("step", "line " + std::to_string(step.line) + ": " + done.error().text);
        }
    }
    for (const auto& peer : peers_) peer->close_frozen();
    return server_.is_running() ? stop_server() : Result<void>{};
}

Result<void> Stage::stop_server() {
    return server_.stop([this] { read_all(Millis(10)); });
}

std::string Stage::evidence() const {
    std::string text = "--- transcript ---\n" + transcript_.text();
    if (!options_.external) {
        text += "--- end of the server's log ---" + server_.log_tail(60);
        if (options_.keep) text += "--- everything is in " + server_.directory() + "\n";
    }
    return text;
}

std::vector<std::string> Stage::domains() const {
    std::vector<std::string> all;
    for (const auto& actor : script_.actors) {
        if (actor.kind != Actor::Kind::client) continue;
        const std::string domain(actor.domain());
        if (std::find(all.begin(), all.end(), domain) == all.end()) all.push_back(domain);
    }
    if (all.empty()) all.emplace_back("localhost");
    return all;
}

ServerSetup Stage::setup() const {
    ServerSetup setup;
    setup.domains = domains();
    setup.options_toml = options_.toml;
    setup.extra_toml = script_.config;
    setup.rooms = source_.find("conference." + setup.domains.front()) != std::string::npos;
    for (const auto& actor : script_.actors) {
        if (actor.kind != Actor::Kind::component) continue;
        const auto secret =
            actor.option("server_secret", actor.option("secret", actor.option("password")));
        setup.components.push_back({std::string(actor.domain()), std::string(secret)});
    }
    return setup;
}

Result<void> Stage::start_server() {
    if (auto prepared = server_.prepare(setup()); !prepared) return prepared;
    if (auto started = server_.start(); !started) return started;
    return create_accounts();
}

/// One account for each client, and for every other local address the script mentions: where the
/// format comes from, every account exists. 'unknown' in [Script] lists those that shall not.
Result<void> Stage::create_accounts() {
    const auto unknown = script_.setting("unknown");
    std::vector<std::string> done;
    std::string lines;
    const auto add = [&](std::string jid, std::string_view password) {
        jid = to_lower_ascii(jid);
        if (std::find(done.begin(), done.end(), jid) != done.end()) return;
        if (is_listed(unknown, jid)) return;
        done.push_back(jid);
        lines.append(jid).append("\t").append(password).append("\n");
    };
    for (const auto& actor : script_.actors) {
        if (actor.kind != Actor::Kind::client) continue;
        add(std::string(actor.bare_jid()),
            actor.option("account_password", actor.option("password", "password")));
    }
    for (const auto& domain : domains()) {
        for (const auto& jid : addresses_in(source_, domain)) add(jid, "password");
    }
    return lines.empty() ? Result<void>{} : server_.add_accounts(lines);
}

void Stage::make_peers() {
    for (const auto& actor : script_.actors) {
        Endpoint endpoint;
        if (actor.kind == Actor::Kind::client) {
            endpoint = options_.external.value_or(Endpoint{"127.0.0.1", server_.client_port()});
        } else {
            endpoint = options_.external_component.value_or(
                Endpoint{"127.0.0.1", server_.component_port()});
        }
        peers_.push_back(std::make_unique<Peer>(actor, endpoint, static_cast<Poller&>(*this),
                                                transcript_, timeout_));
    }
}

void Stage::remember_jids() {
    for (const auto& peer : peers_) {
        const auto& name = peer->actor().name;
        variables_.set(name + "'s full JID", peer->full_jid());
        variables_.set(name + "'s JID", peer->actor().bare_jid());
        variables_.set(name + "'s session id", peer->sm_id());
        variables_.set(name + "'s count", std::to_string(peer->handled()));
        variables_.set(name + "'s stream id", peer->stream_id());
    }
}

Peer* Stage::find(std::string_view name) {
    const auto found = std::find_if(peers_.begin(), peers_.end(),
                                    [&](const auto& peer) { return peer->actor().name == name; });
    return found == peers_.end() ? nullptr : found->get();
}

bool Stage::wait_until(const std::function<bool()>& condition, Millis timeout) {
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        if (condition()) return true;
        const auto left =
            std::chrono::duration_cast<Millis>(give_up - std::chrono::steady_clock::now());
        if (left <= Millis(0)) return false;
        read_all(std::min(left, Millis(100)));
    }
}

void Stage::read_all(Millis timeout) {
    std::vector<pollfd> entries;
    std::vector<Peer*> readers;
    for (const auto& peer : peers_) {
        if (peer->fd() < 0) continue;
        entries.push_back({peer->fd(), POLLIN, 0});
        readers.push_back(peer.get());
    }
    if (::poll(entries.data(), entries.size(), static_cast<int>(timeout.count())) <= 0) return;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].revents != 0) readers[i]->on_readable();
    }
}

}  // namespace clarion::script
