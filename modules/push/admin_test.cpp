// push test: a notification without a message, step by step.
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "base/clock.h"
#include "base/text.h"
#include "modules/push/admin.h"
#include "modules/push/admin_commands.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/routing/domain_links.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"

namespace clarion::push {

namespace asio = boost::asio;
namespace json = boost::json;
using core::Context;

namespace {

/// What happened, in order. It moves from shard to shard with the test, and is shared with steps
/// that may still come when nobody waits for them any more.
struct Protocol {
    explicit Protocol(Clock& c) : clock(c), began(c.steady()) {}

    void add(const TestStep& step) {
        using Milliseconds = std::chrono::duration<double, std::milli>;
        const double ms = Milliseconds(clock.steady() - began).count();
        steps.push_back({{"service", step.service},
                         {"node", step.node},
                         {"step", step.step},
                         {"result", step.ok ? "ok" : "failed"},
                         {"detail", step.text},
                         {"ms", std::round(ms * 10) / 10}});
        const bool final = step.step == "answer";
        answered += final && step.ok;
    }

    Clock& clock;
    const SteadyTime began;
    json::array steps;
    std::size_t registrations = 0, answered = 0;
    std::set<std::string> services;
};
using ProtocolPtr = std::shared_ptr<Protocol>;

std::string describe(const RegistrationView& view) {
    std::string text = "device " + view.device + ", enabled " + time_or_never(view.created) +
                       ", last success " + time_or_never(view.last_used);
    if (view.errors > 0) text += ", errors in a row: " + std::to_string(view.errors);
    if (view.failing_since != WallTime{})
        text += ", unreachable since " + time_or_never(view.failing_since);
    if (view.waiting) text += ", a notification waits";
    return text;
}

Task<Result<>> note_registrations(Context& context, const AdminTarget& target, Protocol& protocol) {
    auto pin = co_await context.accounts().load(std::string(target.jid.bare()));
    if (!pin) co_return pin.error();
    for (const auto& view : list(**pin)) {
        if (!target.service.empty() && view.service != target.service) continue;
        if (!target.node.empty() && view.node != target.node) continue;
        ++protocol.registrations;
        protocol.services.insert(view.service);
        protocol.add({view.service, view.tag, "registration", describe(view), true});
    }
    co_return Result<>{};
}

/// Whether it came up is what the last step says.
Task<> dial(Context& context, const std::string& host, const std::string& service,
            Protocol& protocol, bool& up) {
    const std::string domain(Jid::trusted(service).domain());
    auto report = [&protocol, &up, service](const core::RemoteStep& step) {
        protocol.add({service, {}, s2s::name(step.stage), step.text, step.ok});
        up = step.ok;
    };
    if (auto* remote = context.links().remote()) co_await remote->test(domain, report, host);
}

/// How the service is reached: a stream that is there, or every step of making one. False: it is
/// not.
Task<bool> reach(Context& here, const std::string& host, const std::string& service,
                 Protocol& protocol) {
    const std::string domain(Jid::trusted(service).domain());
    const ServiceRoute route = co_await route_to(here, domain);
    protocol.add({service, {}, "route", route.text, route.works});
    if (route.kind != ServiceRoute::Kind::remote || route.up) co_return route.works;
    bool up = false;
    co_await core::call_at_home(
        here, domain, [&](Context& context) { return dial(context, host, service, protocol, up); });
    co_return up;
}

Task<Result<>> publish(Context& context, AdminTarget target, ProtocolPtr protocol) {
    auto pin = co_await context.accounts().load(std::string(target.jid.bare()));
    if (!pin) co_return pin.error();
    auto start = [&context, &pin, &target, protocol](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        test(
            **pin, target.service, target.node,
            [protocol](const TestStep& step) { protocol->add(step); },
            [&context, shared] {
                asio::post(context.shard().executor(), [shared] { (*shared)(); });
            });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start,
                                                                         asio::use_awaitable);
    co_return Result<>{};
}

/// The last step sums up, so that a script need read no more than it.
void sum_up(Protocol& protocol) {
    const bool ok = protocol.registrations > 0 && protocol.answered == protocol.registrations;
    std::string text = "no registration was found";
    if (protocol.registrations > 0)
        text = std::to_string(protocol.answered) + " of " + std::to_string(protocol.registrations) +
               " registrations were notified";
    protocol.add({{}, {}, "total", std::move(text), ok});
}

}  // namespace

Task<Result<json::value>> test_registrations(Context& here, const json::object& arguments) {
    auto target = admin_target(here, arguments);
    if (!target) co_return target.error();
    const auto protocol = std::make_shared<Protocol>(here.clock());
    const std::string account(target->jid.bare());
    const auto noted = co_await core::ask_at_home<void>(
        here, account, [&](Context& home) { return note_registrations(home, *target, *protocol); });
    if (!noted) co_return noted.error();
    // Whose account is gone by now has nothing to publish.
    if (protocol->services.empty())  // says so
        (void)co_await core::ask_at_home<void>(
            here, account, [&](Context& home) { return publish(home, *target, protocol); });
    const std::string host(target->jid.domain());
    for (const std::string& service : protocol->services) {
        const bool reached = co_await reach(here, host, service, *protocol);
        if (!reached) {
            protocol->add({service, {}, "publish", "not tried: the service is not reached", false});
            continue;
        }
        const AdminTarget there{target->jid, service, target->node};
        (void)co_await core::ask_at_home<void>(
            here, account, [&](Context& home) { return publish(home, there, protocol); });
    }
    sum_up(*protocol);
    co_return json::value(std::move(protocol->steps));
}

}  // namespace clarion::push
