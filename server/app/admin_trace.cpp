// trace: not like other commands, its answer has no end.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/tracing.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

Result<Jid> account_argument(App& app, std::string_view argument) {
    if (argument.empty()) return Jid();
    auto jid = Jid::parse(argument);
    if (!jid) return fail(error_code::usage, "jid: " + jid.error().text);
    if (!jid->has_local()) return fail(error_code::usage, "jid: expected LOCALPART@DOMAIN");
    if (!app.context().domains().is_host(jid->domain()))
        return fail(error_code::item_not_found,
                    std::string(jid->domain()) + " is not a domain of this server");
    return jid;
}

Result<std::string> domain_argument(App& app, std::string_view argument) {
    if (argument.empty()) return std::string();
    auto domain = prepare_domain(argument);
    if (!domain) return fail(error_code::usage, "s2s: " + domain.error().text);
    if (app.context().domains().is_host(*domain))
        return fail(error_code::usage,
                    *domain + " is a domain of this server: there is no stream to it");
    return domain;
}

}  // namespace

Task<Result<std::unique_ptr<core::HttpFeed>>> begin_trace(App& app, const json::object& arguments,
                                                          std::string asker) {
    auto jid = account_argument(app, core::text(arguments, "jid"));
    if (!jid) co_return jid.error();
    auto domain = domain_argument(app, core::text(arguments, "s2s"));
    if (!domain) co_return domain.error();
    if (jid->empty() && domain->empty())
        co_return fail(error_code::usage, "whom to trace: an account, or another server's domain");
    TraceOrder order{std::move(*jid), std::move(*domain), Bodies::hidden, std::move(asker)};
    if (core::flag(arguments, "with_bodies")) order.bodies = Bodies::shown;
    co_return co_await app.tracing().begin(std::move(order));
}

core::AdminCommand trace_command() {
    using Kind = core::ArgumentKind;
    return {.name = "trace",
            .help =
                "show live what an account's sessions, or the streams of another server, say; "
                "until it is interrupted. Never shows passwords, tokens and the like",
            .arguments = {{.name = "jid",
                           .kind = Kind::jid,
                           .use = core::ArgumentUse::optional,
                           .help = "an account (all its sessions, those that hibernate or log in "
                                   "later too) or a full JID"},
                          {.name = "s2s",
                           .kind = Kind::domain,
                           .help = "all streams with this server, or of this component"},
                          {.name = "with_bodies",
                           .kind = Kind::flag,
                           .help = "what people wrote too, not only how long it is; the server's "
                                   "log says so"}},
            .client = "trace"};
}

}  // namespace clarion::app
