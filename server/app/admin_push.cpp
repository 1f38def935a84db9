// push/list, show, ping, test, remove, stats.
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <memory>

#include "modules/push/admin.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/base/text.h"
#include "server/core/cross.h"

namespace clarion::app {

namespace asio = boost::asio;
namespace json = boost::json;
using core::Account;
using core::Core;

namespace {

struct Target {
    Jid jid;
    std::string service, node;
};

Result<Target> target_argument(App& app, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid || !jid->has_local()) return fail("usage", "jid: an account is LOCALPART@DOMAIN");
    if (!app.shared().hosts.is_host(jid->domain()))
        return fail("item-not-found",
                    std::string(jid->domain()) + " is not a domain of this server");
    return Target{jid->to_bare(), std::string(text(arguments, "service")),
                  std::string(text(arguments, "node"))};
}

std::string when(WallTime time) { return time == WallTime{} ? "never" : format_datetime(time); }

json::object describe(const Account& account, const push::RegistrationView& view) {
    json::array extensions;
    for (const auto& ns : view.extensions) extensions.emplace_back(ns);
    return {{"account", account.jid().bare()},
            {"service", view.service},
            {"node", view.has_node ? json::value(view.node) : json::value(nullptr)},
            {"device", view.device},
            {"enabled", format_datetime(view.created)},
            {"last_success", when(view.last_used)},
            {"errors", view.errors},
            {"failing_since", when(view.failing_since)},
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
    co_await core::run_on(
        *app.shared().cores[0], app.shared().shards.owner_of(jid.bare()),
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
        auto names = co_await app.shared().storage.accounts().list({}, after, slice);
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
    auto target = target_argument(app, arguments);
    if (!target) co_return target.error();
    co_return co_await with_account(app, target->jid, registrations);
}

Task<Result<json::value>> show(App& app, const json::object& arguments) {
    auto target = target_argument(app, arguments);
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
    auto target = target_argument(app, arguments);
    if (!target) co_return target.error();
    auto result = co_await with_account(app, target->jid, [&](Account& account) {
        return json::value{{"notified", push::ping(account, target->service, target->node)}};
    });
    if (result && result->at("notified").to_number<std::uint64_t>() == 0)
        co_return fail("item-not-found", "there is no such registration");
    co_return result;
}

Task<Result<json::value>> remove(App& app, const json::object& arguments) {
    auto target = target_argument(app, arguments);
    if (!target) co_return target.error();
    if (target->service.empty()) co_return fail("usage", "a service is needed");
    auto result = co_await with_account(app, target->jid, [&](Account& account) {
        return json::value{{"removed", push::remove(account, target->service, target->node)}};
    });
    if (result && result->at("removed").to_number<std::uint64_t>() == 0)
        co_return fail("item-not-found", "there is no such registration");
    co_return result;
}

// ---- test ---------------------------------------------------------------------------------------

struct TestOutcome {
    json::array steps;
    bool ok = true;
};

Task<> test_here(Core& core, std::string jid, TestOutcome& outcome, Result<>& result) {
    auto pin = co_await core.accounts().load(std::move(jid));
    if (!pin) {
        result = pin.error();
        co_return;
    }
    // Steps may still come when nobody waits any more: they have what they write to.
    auto told = std::make_shared<TestOutcome>();
    auto start = [&core, &pin, told](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto step = [told](const push::TestStep& what) {
            told->ok = told->ok && what.ok;
            told->steps.push_back({{"service", what.service},
                                   {"node", what.node},
                                   {"result", what.ok ? "ok" : "failed"},
                                   {"detail", what.text}});
        };
        push::test(**pin, {}, {}, step, [&core, shared] {
            asio::post(core.shard().executor(), [shared] { (*shared)(); });
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start,
                                                                         asio::use_awaitable);
    outcome = *told;
    result = {};
}

/// The last step sums up, so that a script need read no more than it.
Task<Result<json::value>> test(App& app, const json::object& arguments) {
    auto target = target_argument(app, arguments);
    if (!target) co_return target.error();
    TestOutcome outcome;
    Result<> result = fail("internal-server-error", "the server is stopping");
    co_await core::run_on(
        *app.shared().cores[0], app.shared().shards.owner_of(target->jid.bare()), [&](Core& core) {
            return test_here(core, std::string(target->jid.bare()), outcome, result);
        });
    if (!result) co_return result.error();
    const char* sum =
        outcome.ok ? "every registration was notified" : "not every registration was notified";
    outcome.steps.push_back({{"result", outcome.ok ? "ok" : "failed"}, {"detail", sum}});
    co_return json::value(std::move(outcome.steps));
}

// ---- stats -------------------------------------------------------------------------------------

json::object describe(const push::ServiceView& view) {
    json::object errors;
    for (const auto& [condition, count] : view.errors) errors[condition] = count;
    return {{"service", view.service},
            {"sent", view.sent},
            {"answered", view.answered},
            {"unanswered", view.unanswered},
            {"errors", std::move(errors)},
            {"failed_attempts", view.failed_attempts},
            {"latency_p50_ms", Histogram::quantile(view.latency, 0.5) * 1000},
            {"latency_p99_ms", Histogram::quantile(view.latency, 0.99) * 1000},
            {"outstanding", view.outstanding},
            {"waiting", view.waiting},
            {"retry_in_seconds",
             view.backing_off() ? json::value(view.retry_in.count() / 1000) : json::value(nullptr)},
            {"last_success", when(view.last_success)},
            {"last_error", view.last_error.empty()
                               ? json::value(nullptr)
                               : json::value(view.last_error + " at " + when(view.last_error_at))}};
}

using Services = std::map<std::string, push::ServiceView>;

Task<> collect(Core& core, Services& services) {
    for (const auto& view : push::stats(core)) {
        auto [at, fresh] = services.try_emplace(view.service, view);
        if (!fresh) at->second.merge(view);
    }
    co_return;
}

Task<Result<json::value>> stats(App& app, const json::object&) {
    Services services;
    co_await core::run_on_all(*app.shared().cores[0],
                              [&](Core& core) { return collect(core, services); });
    json::array result;
    for (const auto& [name, view] : services) result.push_back(describe(view));
    co_return json::value(std::move(result));
}

}  // namespace

std::span<const AdminRow> push_commands() {
    static const std::array<AdminRow, 6> rows{{{"push/list", list},
                                               {"push/show", show},
                                               {"push/ping", ping},
                                               {"push/test", test},
                                               {"push/remove", remove},
                                               {"push/stats", stats}}};
    return rows;
}

}  // namespace clarion::app
