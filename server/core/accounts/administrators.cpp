#include "server/core/accounts/administrators.h"

#include <algorithm>

#include "server/core/accounts/account_names.h"
#include "server/core/address/domains.h"
#include "server/core/administrator_options.h"
#include "server/core/context.h"
#include "storage/accounts.h"
#include "storage/storage.h"

namespace clarion::core {

namespace {

void add_prepared(const std::vector<std::string>& names, std::vector<std::string>& to) {
    for (const std::string& name : names) {
        const auto jid = Jid::parse(name);
        if (!jid || !jid->has_local()) continue;
        std::string bare(jid->bare());
        if (std::find(to.begin(), to.end(), bare) == to.end()) to.push_back(std::move(bare));
    }
}

}  // namespace

std::vector<std::string> configured_administrators(const Config& config, std::string_view host) {
    std::vector<std::string> result;
    add_prepared(config.get<ServerAdministrators>().admins, result);
    add_prepared(config.get<HostAdministrators>(host).admins, result);
    return result;
}

bool is_server_administrator(const Config& config, const Jid& who) {
    std::vector<std::string> names;
    add_prepared(config.get<ServerAdministrators>().admins, names);
    return std::find(names.begin(), names.end(), who.bare()) != names.end();
}

std::vector<std::string> configured_hosts(const Config& config, const Domains& domains,
                                          const Jid& who) {
    std::vector<std::string> hosts;
    for (const std::string& host : domains.hosts()) {
        std::vector<std::string> names;
        add_prepared(config.get<HostAdministrators>(host).admins, names);
        if (std::find(names.begin(), names.end(), who.bare()) != names.end()) hosts.push_back(host);
    }
    return hosts;
}

bool is_named_administrator(const Config& config, const Domains& domains, const Jid& who) {
    return is_server_administrator(config, who) || !configured_hosts(config, domains, who).empty();
}

Task<bool> administers(Context& context, Jid who, std::string host) {
    if (!who.has_local() || !context.domains().is_host(who.domain()) ||
        !context.domains().is_host(host))
        co_return false;
    std::string name(who.bare());
    const auto configured = configured_administrators(context.config(), host);
    if (std::find(configured.begin(), configured.end(), name) != configured.end()) co_return true;
    if (who.domain() != host) co_return false;
    const auto record = co_await context.storage().accounts().find(std::move(name));
    co_return record && record->has_value() && (*record)->administrator && !(*record)->disabled;
}

Task<Result<>> check_rank(Context& context, Jid who, Jid account) {
    const Config& config = context.config();
    const std::string name(account.bare());
    if (is_server_administrator(config, who)) co_return Result<>{};
    if (is_server_administrator(config, account))
        co_return fail("forbidden", name + " administers the server");
    const auto hosts = configured_hosts(config, context.domains(), account);
    for (const std::string& host : hosts) {
        const bool may = co_await administers(context, who, host);
        if (!may) co_return fail("forbidden", name + " administers " + host + ", and you do not");
    }
    co_return Result<>{};
}

Task<Result<std::vector<std::string>>> recorded_administrators(Context& context, std::string host) {
    std::vector<std::string> result;
    AccountNames accounts(context, std::move(host));
    while (true) {
        const auto names = co_await accounts.next();
        if (!names) co_return names.error();
        if (names->empty()) co_return result;
        for (const std::string& name : *names) {
            const auto record = co_await context.storage().accounts().find(name);
            if (!record) co_return record.error();
            if (record->has_value() && (*record)->administrator) result.push_back(name);
        }
    }
}

Task<Result<std::vector<std::string>>> all_administrators(Context& context, std::string host) {
    auto names = co_await recorded_administrators(context, host);
    if (!names) co_return names.error();
    for (std::string& name : configured_administrators(context.config(), host))
        if (std::find(names->begin(), names->end(), name) == names->end())
            names->push_back(std::move(name));
    std::sort(names->begin(), names->end());
    co_return std::move(*names);
}

Task<Result<bool>> is_usable_account(Context& context, std::string name) {
    const auto record = co_await context.storage().accounts().find(std::move(name));
    if (!record) co_return record.error();
    co_return record->has_value() && !(*record)->disabled;
}

Task<Result<std::vector<std::string>>> usable_administrators(Context& context, std::string host) {
    const auto all = co_await all_administrators(context, std::move(host));
    if (!all) co_return all.error();
    std::vector<std::string> usable;
    for (const std::string& name : *all) {
        const auto can = co_await is_usable_account(context, name);
        if (!can) co_return can.error();
        if (*can) usable.push_back(name);
    }
    co_return usable;
}

Task<Result<std::string>> host_left_without(Context& context, Jid who) {
    const std::string name(who.bare());
    for (const std::string& host : context.domains().hosts()) {
        const bool does = co_await administers(context, who, host);
        if (!does) continue;
        const auto usable = co_await usable_administrators(context, host);
        if (!usable) co_return usable.error();
        if (usable->size() == 1 && usable->front() == name) co_return host;
    }
    co_return std::string();
}

}  // namespace clarion::core
