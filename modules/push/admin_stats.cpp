// push stats, and the alarms of push in status.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <map>

#include "base/clock.h"
#include "base/text.h"
#include "modules/push/admin.h"
#include "modules/push/admin_commands.h"
#include "server/core/address/domains.h"
#include "server/core/routing/domain_links.h"
#include "server/core/setup/remote_call.h"

namespace clarion::push {

namespace json = boost::json;
using core::Context;

namespace {

/// So many refusals since it last accepted anything are no accident.
constexpr std::uint64_t refusals_in_a_row = 10;
constexpr auto lately = std::chrono::hours(24);

using Services = std::map<std::string, ServiceView>;

Task<> collect(Context& context, Services& services) {
    for (const auto& view : stats(context)) {
        auto [at, fresh] = services.try_emplace(view.service, view);
        if (!fresh) at->second.merge(view);
    }
    co_return;
}

Task<Services> all_services(Context& here) {
    Services services;
    co_await core::run_on_all(here, [&](Context& context) { return collect(context, services); });
    co_return services;
}

std::int64_t seconds(Duration duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

json::value or_null(WallTime time) {
    return time == WallTime{} ? json::value(nullptr) : json::value(time_or_never(time));
}

/// Milliseconds with as many digits as a histogram is good for.
double latency_ms(const ServiceView& view, double share) {
    return std::round(Histogram::quantile(view.latency, share) * 1e5) / 100;
}

json::object describe(const ServiceView& view, const ServiceRoute& route) {
    json::object errors;
    for (const auto& [condition, count] : view.errors) errors[condition] = count;
    json::value retry, last_error;
    if (view.backing_off()) retry = seconds(view.retry_in);
    if (!view.last_error.empty())
        last_error = view.last_error + " at " + time_or_never(view.last_error_at);
    return {{"service", view.service},
            {"route", route.text},
            {"route_works", route.works},
            {"sent", view.sent},
            {"answered", view.answered},
            {"unanswered", view.unanswered},
            {"errors", std::move(errors)},
            {"latency_p50_ms", latency_ms(view, 0.5)},
            {"latency_p99_ms", latency_ms(view, 0.99)},
            {"outstanding", view.outstanding},
            {"waiting", view.waiting},
            {"failed_attempts", view.failed_attempts},
            {"failed_in_a_row", view.step},
            {"unreachable_since", or_null(view.unreachable_since)},
            {"retry_in_seconds", std::move(retry)},
            {"disabled_within_a_day", view.disabled_today},
            {"last_success", time_or_never(view.last_success)},
            {"last_error", std::move(last_error)}};
}

std::string domain_of(const std::string& service) {
    return std::string(Jid::trusted(service).domain());
}

using Alarms = std::vector<core::AdminAlarm>;

void alarms_of(Alarms& alarms, const ServiceView& view, bool remote, WallTime now) {
    const std::string name = "push service " + view.service;
    if (view.backing_off())
        alarms.push_back(
            {name + " cannot be reached since " + time_or_never(view.unreachable_since) + " (" +
                 view.last_error + "); notifications that wait: " + std::to_string(view.waiting) +
                 "; next attempt in " + std::to_string(seconds(view.retry_in)) + " s",
             remote ? "clarionctl s2s test " + domain_of(view.service) : "clarionctl push stats"});
    const bool refused_lately = now - view.last_error_at < lately;
    if (refused_lately && view.refused_since_success >= refusals_in_a_row)
        alarms.push_back({name +
                              " refuses everything: " + std::to_string(view.refused_since_success) +
                              " notifications in a row, the last with " + view.last_error +
                              "; last success: " + time_or_never(view.last_success),
                          "clarionctl push stats"});
    if (view.disabled_today > 0)
        alarms.push_back(
            {name +
                 ": registrations disabled within a day, because it refused too much or was "
                 "away too long: " +
                 std::to_string(view.disabled_today),
             "clarionctl push list"});
}

struct Reached {
    bool attached = false;
    core::RemoteReach remote;
};

Task<> look(Context& context, const std::string& domain, Reached& reached) {
    reached.attached = context.links().component(domain) != nullptr;
    if (const auto* remote = context.links().remote()) reached.remote = remote->reach(domain);
    co_return;
}

ServiceRoute remote_route(const core::RemoteReach& reach) {
    using State = core::RemoteReach::State;
    switch (reach.state) {
        case State::up:
            return {.up = true,
                    .text = "S2S stream, authenticated by " + reach.text + ", since " +
                            time_or_never(reach.since)};
        case State::connecting: return {.text = "S2S is connecting (" + reach.text + ")"};
        case State::failed:
            return {.works = false,
                    .text = "S2S failed: " + reach.text + "; it tries again in " +
                            std::to_string(seconds(reach.retry_in)) + " s at the earliest"};
        case State::idle: break;
    }
    return {.text = "no S2S stream at the moment; one is opened when needed"};
}

}  // namespace

Task<ServiceRoute> route_to(Context& here, std::string domain) {
    Reached reached;
    const auto kind = here.domains().kind(domain);
    if (kind == core::DomainKind::host)
        co_return ServiceRoute{ServiceRoute::Kind::own, true, true, "a domain of this server"};
    co_await core::call_at_home(here, domain,
                                [&](Context& context) { return look(context, domain, reached); });
    if (kind == core::DomainKind::remote) co_return remote_route(reached.remote);
    const char* text = reached.attached ? "component of this server, attached"
                                        : "component of this server, not attached: start it, and "
                                          "see the log for refused secrets";
    co_return ServiceRoute{ServiceRoute::Kind::component, reached.attached, reached.attached, text};
}

Task<Result<json::value>> list_services(Context& here, const json::object&) {
    const Services services = co_await all_services(here);
    json::array result;
    for (const auto& [name, view] : services) {
        const ServiceRoute route = co_await route_to(here, domain_of(name));
        result.push_back(describe(view, route));
    }
    co_return json::value(std::move(result));
}

Task<std::vector<core::AdminAlarm>> alarms(Context& here) {
    const Services services = co_await all_services(here);
    Alarms alarms;
    for (const auto& [name, view] : services) {
        const bool remote = here.domains().kind(domain_of(name)) == core::DomainKind::remote;
        alarms_of(alarms, view, remote, here.clock().wall());
    }
    co_return alarms;
}

}  // namespace clarion::push
