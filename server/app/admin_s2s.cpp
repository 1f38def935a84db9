// s2s list, s2s test.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/core/setup/remote_call.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/runtime/shard.h"

namespace clarion::app {

namespace json = boost::json;
using core::Context;

namespace {

json::object describe(const net::S2sLinkInfo& link) {
    return {{"local", link.local},
            {"remote", link.remote},
            {"direction", link.direction == net::S2sLinkInfo::Direction::in ? "in" : "out"},
            {"state", link.state},
            {"address", link.address},
            {"tls", link.encrypted ? link.tls_version : "none"},
            {"authentication", link.authentication},
            {"queued", link.queued},
            {"since", format_datetime(link.since)}};
}

Task<> list_here(App& app, Context& context, json::array& links) {
    for (const auto& link : app.s2s(context.shard().index()).list())
        links.push_back(describe(link));
    co_return;
}

Task<Result<json::value>> list(App& app, const json::object&) {
    json::array links;
    co_await core::run_on_all(app.context(),
                              [&](Context& context) { return list_here(app, context, links); });
    co_return json::value(std::move(links));
}

Task<> test_here(App& app, Context& context, std::string domain, json::array& steps) {
    auto report = [&steps](const core::RemoteStep& step) {
        steps.push_back({{"step", s2s::name(step.stage)},
                         {"result", step.ok ? "ok" : "failed"},
                         {"detail", step.text}});
    };
    return app.s2s(context.shard().index()).test(std::move(domain), report, {});
}

Task<Result<json::value>> test(App& app, const json::object& arguments) {
    auto domain = prepare_domain(core::text(arguments, "domain"));
    if (!domain) co_return fail(error_code::usage, "domain: " + domain.error().text);
    if (app.context().domains().is_ours(*domain))
        co_return fail(error_code::usage, *domain + " is a domain of this server");
    json::array steps;
    co_await core::call_at_home(app.context(), *domain, [&](Context& context) {
        return test_here(app, context, *domain, steps);
    });
    co_return json::value(std::move(steps));
}

}  // namespace

core::AdminArea s2s_commands(App& app) {
    using enum core::ColumnKind;
    return {
        .name = "s2s",
        .help = "connections with other servers",
        .commands = {{.name = "s2s list",
                      .help = "connections, both ways, and what waits for them",
                      .columns = {{"local", "local"},
                                  {"remote", "remote"},
                                  {"direction", "direction"},
                                  {"state", "state"},
                                  {"address", "address"},
                                  {"tls", "tls"},
                                  {"authentication", "authentication"},
                                  {"queued", "queued", number},
                                  {"since", "since"}},
                      .none = "no connections with other servers",
                      .run = with(app, list)},
                     {.name = "s2s test",
                      .help = "resolve, connect to, secure and authenticate with a domain, saying "
                              "each step",
                      .arguments = {{.name = "domain",
                                     .kind = core::ArgumentKind::domain,
                                     .use = core::ArgumentUse::required,
                                     .help = "a remote domain"}},
                      .columns = {{"step", "step"}, {"result", "result"}, {"detail", "detail"}},
                      .run = with(app, test)}}};
}

}  // namespace clarion::app
