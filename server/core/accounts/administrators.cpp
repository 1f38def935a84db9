#include "server/core/accounts/administrators.h"

#include <algorithm>

#include "server/core/address/domains.h"
#include "server/core/administrator_options.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/accounts.h"
#include "storage/owners.h"
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

Task<Result<std::vector<std::string>>> recorded_administrators(Context& context, std::string host) {
    constexpr std::size_t slice = 1000;
    std::vector<std::string> result;
    std::string after;
    while (true) {
        auto names = co_await context.storage().owners().list(storage::OwnerKind::account, host,
                                                              after, slice);
        if (!names) co_return names.error();
        for (const std::string& name : *names) {
            const auto record = co_await context.storage().accounts().find(name);
            if (!record) co_return record.error();
            if (record->has_value() && (*record)->administrator) result.push_back(name);
        }
        if (names->size() < slice) co_return result;
        after = names->back();
        co_await context.shard().sleep(Duration::zero());  // others first
    }
}

}  // namespace clarion::core
