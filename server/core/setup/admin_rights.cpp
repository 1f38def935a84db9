#include "server/core/setup/admin_rights.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "server/core/accounts/administrators.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"

namespace clarion::core {

namespace {

Error refused() { return fail(not_permitted, "you do not administer that"); }

bool needs_a_file(const AdminCommand& command) {
    return std::any_of(command.arguments.begin(), command.arguments.end(), [](const auto& each) {
        return each.kind == ArgumentKind::server_file || each.kind == ArgumentKind::local_file;
    });
}

bool fits(const AdminArgument& argument, const boost::json::value& value) {
    switch (argument.kind) {
        case ArgumentKind::number: {
            const std::int64_t* const number = value.if_int64();
            return number && *number >= 1 && *number <= argument.most;
        }
        case ArgumentKind::flag:
        case ArgumentKind::for_table: return value.is_bool();
        default: return value.is_string();
    }
}

/// The host that a domain of ours is, or is below; empty: there is none.
std::string_view host_of(const Domains& domains, std::string_view domain) {
    if (!domains.is_ours(domain)) return {};
    if (domains.is_host(domain)) return domain;
    const std::string& host = domains.host_over(domain);
    return domain.ends_with("." + host) ? std::string_view(host) : std::string_view();
}

/// Those who administer what these rights do not reach: as check_rights() refuses each by name.
std::vector<std::string> spared_by(const AdminRights& rights, const Config& config,
                                   const Domains& domains) {
    std::vector<std::string> spared;
    if (rights.whole_server) return spared;
    for (const std::string& host : domains.hosts()) {
        // The server's administrators are among those of each host.
        for (std::string& name : configured_administrators(config, host)) {
            const Jid account = Jid::trusted(name);
            if (is_server_administrator(config, account) || !rights.administers(host))
                spared.push_back(std::move(name));
        }
    }
    return spared;
}

}  // namespace

bool AdminRights::administers(std::string_view host) const {
    return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

Task<AdminRights> rights_of(Context& here, Jid account) {
    AdminRights rights;
    const std::vector<std::string>& hosts = here.domains().hosts();
    rights.whole_server = is_server_administrator(here.config(), account);
    if (rights.whole_server) {
        rights.hosts = hosts;
        co_return rights;
    }
    for (const std::string& host : hosts) {
        // A record makes somebody an administrator of their own host only.
        const auto named = configured_administrators(here.config(), host);
        bool may = std::find(named.begin(), named.end(), account.bare()) != named.end();
        if (!may && account.domain() == host) may = co_await administers(here, account, host);
        if (may) rights.hosts.push_back(host);
    }
    co_return rights;
}

bool is_for_administrators(const AdminCommand& command) {
    return command.run && command.client.empty() && !needs_a_file(command);
}

std::string_view about_argument(const AdminCommand& command) {
    if (!command.place.empty()) return command.place;
    const auto says = [](const AdminArgument& argument) {
        return argument.kind == ArgumentKind::jid || argument.kind == ArgumentKind::domain;
    };
    const auto found = std::find_if(command.arguments.begin(), command.arguments.end(), says);
    return found == command.arguments.end() ? std::string_view() : found->name;
}

Result<> check_arguments(const AdminCommand& command, const boost::json::object& arguments) {
    for (const auto& [name, value] : arguments) {
        const auto declared =
            std::find_if(command.arguments.begin(), command.arguments.end(),
                         [&](const AdminArgument& each) { return each.name == name; });
        if (declared == command.arguments.end() || !fits(*declared, value))
            return fail(error_code::usage, std::string(name) + ": this cannot be");
    }
    return {};
}

Result<> check_rights(const AdminRights& rights, const Config& config, const Domains& domains,
                      const AdminCommand& command, const boost::json::object& arguments) {
    if (!is_for_administrators(command) || rights.none()) return refused();
    if (rights.whole_server) return {};
    if (command.whole_server) return refused();
    const std::string_view argument = about_argument(command);
    const std::string_view about = text(arguments, argument);
    if (argument.empty() || about.empty()) return refused();
    const auto jid = Jid::parse(about);
    if (!jid) return fail(error_code::usage, jid.error().text);
    const std::string_view host = host_of(domains, jid->domain());
    if (host.empty() || !rights.administers(host)) return refused();
    // Who could give an administrator of more another password would get what that one has.
    if (is_server_administrator(config, *jid)) return refused();
    for (const std::string& theirs : configured_hosts(config, domains, *jid))
        if (!rights.administers(theirs)) return refused();
    return {};
}

Task<Result<boost::json::value>> run_for(Context& here, AdminRights rights, std::string who,
                                         const AdminCommand& command,
                                         boost::json::object arguments) {
    const Result<> may = check_rights(rights, here.config(), here.domains(), command, arguments);
    if (!may) co_return may.error();
    const Result<> right = check_arguments(command, arguments);
    if (!right) co_return right.error();
    const AdminAsker asker{.name = std::move(who),
                           .is_operator = false,
                           .spared = spared_by(rights, here.config(), here.domains())};
    Result<boost::json::value> answer = fail("internal-server-error", "the server is stopping");
    const std::function<Task<>(Context&)> work = [&](Context& first) -> Task<> {
        answer = co_await command.run(first, arguments, asker);
    };
    co_await call_on_shard(here, 0, work);
    co_return answer;
}

}  // namespace clarion::core
