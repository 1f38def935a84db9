// user show, user roster: what there is to know of one account.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/administration/last_login.h"
#include "modules/administration/rates_sought.h"
#include "modules/administration/rows.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/administrators.h"
#include "server/core/accounts/session.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "storage/storage.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;

namespace {

// ---- Roster ------------------------------------------------------------------------------------

/// By storage::Subscription.
constexpr std::array<std::string_view, 4> subscriptions{"none", "to", "from", "both"};

json::object describe(const core::RosterItem& item) {
    json::array groups;
    for (const std::string& group : item.groups) groups.emplace_back(group);
    return {{"jid", item.jid},
            {"name", item.name},
            {"subscription", subscriptions[static_cast<std::size_t>(item.subscription)]},
            {"asked", item.ask_subscribe},
            {"groups", std::move(groups)}};
}

Task<Result<json::value>> read_roster(Context& home, std::string name) {
    auto pin = co_await home.accounts().load(std::move(name));
    if (!pin) co_return pin.error();
    json::array items;
    for (const core::RosterItem& item : (*pin)->roster().items())
        if (item.listed) items.push_back(describe(item));
    co_return json::value(std::move(items));
}

Task<Result<json::value>> roster(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string name(jid->bare());
    co_return co_await core::ask_at_home<json::value>(
        here, name, [&](Context& home) { return read_roster(home, name); });
}

// ---- All else ----------------------------------------------------------------------------------

void add_sessions(json::object& answer, const core::Account& account) {
    json::array resources, addresses;
    std::uint64_t live = 0, asleep = 0;
    for (const auto& session : account.sessions()) {
        ++(session->is_hibernating() ? asleep : live);
        if (!session->port()) continue;
        resources.emplace_back(session->resource());
        json::value address(session->port()->info().address);
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
            addresses.push_back(std::move(address));
    }
    answer["sessions_connected"] = live;
    answer["sessions_asleep"] = asleep;
    answer["resources"] = std::move(resources);
    answer["addresses"] = std::move(addresses);
}

/// Of what, and who says so: "no", or as the configuration or `user admin` have it.
std::string administers_what(const Context& home, const Jid& account, bool by_record) {
    const Config& config = home.config();
    if (core::is_server_administrator(config, account)) return "of the server (configuration)";
    std::string all;
    for (const std::string& host : core::configured_hosts(config, home.domains(), account))
        all += (all.empty() ? "of " : ", ") + host;
    if (!all.empty()) all += " (configuration)";
    if (by_record) {
        all += all.empty() ? "of " : "; of ";
        all.append(account.domain()).append(" (`user admin`)");
    }
    return all.empty() ? "no" : all;
}

Task<Result<json::value>> describe(Context& home, std::string name) {
    auto pin = co_await home.accounts().load(name);
    if (!pin) co_return pin.error();
    const auto record = co_await home.storage().accounts().find(std::move(name));
    if (!record) co_return record.error();
    const std::string last_login = co_await find_last_login(home, (*pin)->jid());
    core::Account& account = **pin;
    const auto& items = account.roster().items();
    json::object answer{
        {"jid", account.jid().bare()},
        {"created", format_datetime(account.created())},
        {"disabled", account.disabled()},
        {"administrator",
         administers_what(home, account.jid(), record->has_value() && (*record)->administrator)},
        {"last_login", last_login},
        {"contacts", std::count_if(items.begin(), items.end(),
                                   [](const core::RosterItem& item) { return item.listed; })},
        {"offline_messages", account.offline_count()}};
    add_sessions(answer, account);
    AccountRates rates;
    home.bus().fire(RatesSought{account, rates});
    if (!rates.stanzas_per_second.empty()) {
        answer["stanzas_per_second"] = rates.stanzas_per_second;
        answer["logins_per_minute"] = rates.logins_per_minute;
    }
    co_return json::value(std::move(answer));
}

Task<Result<json::value>> show(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string name(jid->bare());
    co_return co_await core::ask_at_home<json::value>(
        here, name, [&](Context& home) { return describe(home, name); });
}

}  // namespace

core::AdminCommand show_command() {
    return {.name = "user show",
            .help = "what there is to know about an account",
            .arguments = {account_argument},
            .run = show};
}

core::AdminCommand roster_command() {
    return {.name = "user roster",
            .help = "the contacts of an account",
            .arguments = {account_argument},
            .columns = {{"jid", "jid"},
                        {"name", "name"},
                        {"subscription", "subscription"},
                        {"asked", "asked", core::ColumnKind::mark},
                        {"groups", "groups"}},
            .none = "no contacts",
            .run = roster,
            .has_node = true};
}

}  // namespace clarion::administration
