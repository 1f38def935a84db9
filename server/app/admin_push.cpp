// push/list, show, ping, remove. The others have files of their own (admin_push.h).
#include "server/app/admin_push.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/push/admin.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/core/remote_call.h"

namespace clarion::app {

namespace json = boost::json;
using core::Account;
using core::Core;

Result<PushTarget> push_target(App& app, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid || !jid->has_local()) return fail("usage", "jid: an account is LOCALPART@DOMAIN");
    if (!app.shared().hosts.is_host(jid->domain()))
        return fail("item-not-found",
                    std::string(jid->domain()) + " is not a domain of this server");
    return PushTarget{jid->to_bare(), std::string(text(arguments, "service")),
                      std::string(text(arguments, "node"))};
}

std::string time_or_never(WallTime time) {
    return time == WallTime{} ? "never"
                              : format_datetime(std::chrono::floor<std::chrono::seconds>(time));
}

namespace {

json::object describe(const Account& account, const push::RegistrationView& view) {
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
Task<Result<json::value>> with_account(App& app, const Jid& jid,
                                       std::function<json::value(Account&)> what) {
    Result<json::value> result = fail("internal-server-error", "the server is stopping");
    struct Work {
        static Task<> run(Core& core, std::string jid,
                          const std::function<json::value(Account&)>& what,
                          Result<json::value>& result) {
            auto pin = co_await core.accounts().load(std::move(jid));
            if (pin)
                result = what(**pin);
            else
                result = pin.error();
        }
    };
    co_await core::call_on_shard(
        *app.shared().cores[0], app.shared().homes.shard_of(jid.bare()),
        [&](Core& core) { return Work::run(core, std::string(jid.bare()), what, result); });
    co_return result;
}

json::value registrations(Account& account) {
    json::array result;
    for (const auto& view : push::list(account)) result.push_back(describe(account, view));
    return result;
}

/// Every account of the server, one after the other: nothing keeps all registrations in memory.
Task<Result<json::value>> list_all(App& app) {
    constexpr std::size_t slice = 500;
    json::array all;
    std::string after;
    while (true) {
        auto names = co_await app.shared().storage.owners().list(storage::OwnerKind::account, {},
                                                                 after, slice);
        if (!names) co_return names.error();
        for (const auto& name : *names) {
            auto some = co_await with_account(app, Jid::trusted(name), registrations);
            if (some)
                for (auto& item : some->get_array()) all.push_back(item);
        }
        if (names->size() < slice) co_return json::value(std::move(all));
        after = names->back();
    }
}

Task<Result<json::value>> list(App& app, const json::object& arguments) {
    if (text(arguments, "jid").empty()) co_return co_await list_all(app);
    auto target = push_target(app, arguments);
    if (!target) co_return target.error();
    co_return co_await with_account(app, target->jid, registrations);
}

Task<Result<json::value>> show(App& app, const json::object& arguments) {
    auto target = push_target(app, arguments);
    if (!target) co_return target.error();
    auto all = co_await with_account(app, target->jid, registrations);
    if (!all) co_return all.error();
    json::array chosen;
    for (const auto& item : all->get_array()) {
        const auto& node = item.at("node");
        if (!target->service.empty() && item.at("service").as_string() != target->service) continue;
        if (!target->node.empty() && (!node.is_string() || node.as_string() != target->node))
            continue;
        chosen.push_back(item);
    }
    if (chosen.empty()) co_return fail("item-not-found", "there is no such registration");
    if (chosen.size() == 1) co_return chosen.front();
    co_return json::value(std::move(chosen));
}

Task<Result<json::value>> ping(App& app, const json::object& arguments) {
    auto target = push_target(app, arguments);
    if (!target) co_return target.error();
    auto result = co_await with_account(app, target->jid, [&](Account& account) {
        return json::value{{"notified", push::ping(account, target->service, target->node)}};
    });
    if (result && result->at("notified").to_number<std::uint64_t>() == 0)
        co_return fail("item-not-found", "there is no such registration");
    co_return result;
}

Task<Result<json::value>> remove(App& app, const json::object& arguments) {
    auto target = push_target(app, arguments);
    if (!target) co_return target.error();
    if (target->service.empty()) co_return fail("usage", "a service is needed");
    auto result = co_await with_account(app, target->jid, [&](Account& account) {
        return json::value{{"removed", push::remove(account, target->service, target->node)}};
    });
    if (result && result->at("removed").to_number<std::uint64_t>() == 0)
        co_return fail("item-not-found", "there is no such registration");
    co_return result;
}

}  // namespace

std::span<const AdminRow> push_commands() {
    static const std::array<AdminRow, 6> rows{{{"push/list", list},
                                               {"push/show", show},
                                               {"push/ping", ping},
                                               {"push/test", push_test},
                                               {"push/remove", remove},
                                               {"push/stats", push_stats}}};
    return rows;
}

}  // namespace clarion::app
