#include "modules/push/admin_commands.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/push/admin.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/address/domains.h"
#include "server/core/setup/remote_call.h"
#include "storage/storage.h"

namespace clarion::push {

namespace json = boost::json;
using core::Account;
using core::Context;
using core::text;

Result<AdminTarget> admin_target(const Context& here, const json::object& arguments) {
    auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) return jid.error();
    return AdminTarget{std::move(*jid), std::string(text(arguments, "service")),
                       std::string(text(arguments, "node"))};
}

std::string time_or_never(WallTime time) {
    return time == WallTime{} ? "never"
                              : format_datetime(std::chrono::floor<std::chrono::seconds>(time));
}

namespace {

json::object describe(const Account& account, const RegistrationView& view) {
    json::array extensions;
    for (const auto& ns : view.extensions) extensions.emplace_back(ns);
    return {{"account", account.jid().bare()},
            {"service", view.service},
            {"node", view.has_node ? json::value(view.node) : json::value(nullptr)},
            {"device", view.device},
            {"enabled", time_or_never(view.created)},
            {"last_success", time_or_never(view.last_used)},
            {"errors", view.errors},
            {"failing_since", time_or_never(view.failing_since)},
            {"waiting", view.waiting},
            {"publish_options", view.has_publish_options},
            {"extensions", std::move(extensions)}};
}

/// Loads the account on its shard and gives it to `what`. `what` must not keep it.
Task<Result<json::value>> with_account(Context& here, const Jid& jid,
                                       std::function<json::value(Account&)> what) {
    struct Work {
        static Task<Result<json::value>> run(Context& context, std::string jid,
                                             const std::function<json::value(Account&)>& what) {
            auto pin = co_await context.accounts().load(std::move(jid));
            if (!pin) co_return pin.error();
            co_return what(**pin);
        }
    };
    const std::string name(jid.bare());
    co_return co_await core::ask_at_home<json::value>(
        here, name, [&](Context& home) { return Work::run(home, name, what); });
}

json::value registrations(Account& account) {
    json::array result;
    for (const auto& view : list(account)) result.push_back(describe(account, view));
    return result;
}

/// Every account of the server, one after the other: nothing keeps all registrations in memory.
Task<Result<json::value>> list_all(Context& here) {
    constexpr std::size_t slice = 500;
    json::array all;
    std::string after;
    while (true) {
        auto names =
            co_await here.storage().owners().list(storage::OwnerKind::account, {}, after, slice);
        if (!names) co_return names.error();
        for (const auto& name : *names) {
            auto some = co_await with_account(here, Jid::trusted(name), registrations);
            if (some)
                for (auto& item : some->get_array()) all.push_back(item);
        }
        if (names->size() < slice) co_return json::value(std::move(all));
        after = names->back();
    }
}

Task<Result<json::value>> list_registrations(Context& here, const json::object& arguments) {
    if (text(arguments, "jid").empty()) co_return co_await list_all(here);
    auto target = admin_target(here, arguments);
    if (!target) co_return target.error();
    co_return co_await with_account(here, target->jid, registrations);
}

Task<Result<json::value>> show_registrations(Context& here, const json::object& arguments) {
    auto target = admin_target(here, arguments);
    if (!target) co_return target.error();
    auto all = co_await with_account(here, target->jid, registrations);
    if (!all) co_return all.error();
    json::array chosen;
    for (const auto& item : all->get_array()) {
        const auto& node = item.at("node");
        if (!target->service.empty() && item.at("service").as_string() != target->service) continue;
        if (!target->node.empty() && (!node.is_string() || node.as_string() != target->node))
            continue;
        chosen.push_back(item);
    }
    if (chosen.empty()) co_return fail(error_code::item_not_found, "there is no such registration");
    if (chosen.size() == 1) co_return chosen.front();
    co_return json::value(std::move(chosen));
}

Task<Result<json::value>> ping_registrations(Context& here, const json::object& arguments) {
    auto target = admin_target(here, arguments);
    if (!target) co_return target.error();
    auto result = co_await with_account(here, target->jid, [&](Account& account) {
        return json::value{{"notified", ping(account, target->service, target->node)}};
    });
    if (result && result->at("notified").to_number<std::uint64_t>() == 0)
        co_return fail(error_code::item_not_found, "there is no such registration");
    co_return result;
}

Task<Result<json::value>> remove_registrations(Context& here, const json::object& arguments) {
    auto target = admin_target(here, arguments);
    if (!target) co_return target.error();
    if (target->service.empty()) co_return fail(error_code::usage, "a service is needed");
    auto result = co_await with_account(here, target->jid, [&](Account& account) {
        return json::value{{"removed", remove(account, target->service, target->node)}};
    });
    if (result && result->at("removed").to_number<std::uint64_t>() == 0)
        co_return fail(error_code::item_not_found, "there is no such registration");
    co_return result;
}

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

constexpr core::AdminArgument one_account{.name = "jid",
                                          .kind = Kind::jid,
                                          .use = Use::required,
                                          .help = "an account, such as romeo@example.org"};
constexpr core::AdminArgument any_account{.name = "jid",
                                          .kind = Kind::jid,
                                          .use = Use::optional,
                                          .help = "an account, such as romeo@example.org"};
constexpr core::AdminArgument one_service{
    .name = "service", .use = Use::required, .help = "the push service's JID"};
constexpr core::AdminArgument any_service{
    .name = "service", .use = Use::optional, .help = "the push service's JID; all if left out"};
constexpr core::AdminArgument any_node{
    .name = "node", .use = Use::optional, .help = "only this node there"};

std::vector<core::AdminColumn> registration_columns() {
    using enum core::ColumnKind;
    return {{"account", "account"},
            {"service", "service"},
            {"node", "node"},
            {"device", "device"},
            {"enabled", "enabled"},
            {"last_success", "last success"},
            {"errors", "errors", number},
            {"failing_since", "failing since"},
            {"waiting", "waiting"},
            {"publish_options", "publish options"},
            {"extensions", "extensions"}};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "push",
        .help = "push notifications",
        .commands = {{.name = "push list",
                      .help = "registrations of an account, or of all",
                      .arguments = {any_account},
                      .columns = registration_columns(),
                      .none = "no push registrations",
                      .run = list_registrations},
                     {.name = "push show",
                      .help = "a registration in full",
                      .arguments = {one_account, any_service, any_node},
                      .columns = registration_columns(),
                      .none = "no push registrations",
                      .run = show_registrations},
                     {.name = "push ping",
                      .help = "send a notification without a message",
                      .arguments = {one_account, any_service, any_node},
                      .run = ping_registrations},
                     {.name = "push test",
                      .help = "send a test notification and say step by step what happened",
                      .arguments = {one_account, any_service, any_node},
                      .shape = "push-test",
                      .run = test_registrations},
                     {.name = "push remove",
                      .help = "remove registrations at a service",
                      .arguments = {one_account, one_service, any_node},
                      .run = remove_registrations},
                     {.name = "push stats",
                      .help = "per service: sent, answered, errors, latency, back-off",
                      .shape = "push-stats",
                      .run = list_services}},
        .alarms = alarms};
    return area;
}

}  // namespace clarion::push
