// status, stop, reload, metrics, log level.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/memory_metrics.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

struct Load {
    std::uint64_t accounts = 0, sessions = 0, asleep = 0;
};

Task<> count(core::Context& context, Load& load) {
    context.accounts().for_each([&load](core::Account& account) {
        ++load.accounts;
        for (const auto& session : account.sessions())
            ++(session->is_hibernating() ? load.asleep : load.sessions);
    });
    co_return;
}

Task<Result<json::value>> status(App& app, const json::object&) {
    Load load;
    co_await core::run_on_all(app.context(),
                              [&load](core::Context& context) { return count(context, load); });
    const auto up =
        std::chrono::duration_cast<std::chrono::seconds>(system_clock().steady() - app.started());
    json::array domains, listening;
    for (const auto& host : app.context().domains().hosts()) domains.emplace_back(host);
    for (const auto& where : app.listening()) listening.emplace_back(where);
    const auto accounts =
        co_await app.context().storage().owners().count(storage::OwnerKind::account);
    json::array alarms;
    for (const auto& alarm : app.certificate_alarms(app.context()))
        alarms.push_back({{"what", alarm.what}, {"next", alarm.next}});
    for (const auto* area : app.admin_areas().all()) {
        if (!area->alarms) continue;
        const auto of_area = co_await area->alarms(app.context());
        for (const auto& alarm : of_area)
            alarms.push_back({{"what", alarm.what}, {"next", alarm.next}});
    }
    co_return json::value{{"version", CLARION_VERSION},
                          {"uptime_seconds", up.count()},
                          {"domains", std::move(domains)},
                          {"listening", std::move(listening)},
                          {"shards", app.context().shards().count()},
                          {"accounts", accounts ? json::value(*accounts) : json::value(nullptr)},
                          {"accounts_loaded", load.accounts},
                          {"sessions_connected", load.sessions},
                          {"sessions_asleep_loaded", load.asleep},
                          {"storage_backlog_bytes", app.context().storage().backlog_bytes()},
                          {"alarms", std::move(alarms)}};
}

Task<Result<json::value>> stop(App& app, const json::object&) {
    app.request_stop();
    co_return json::value{{"stopping", true}};
}

json::array described(const std::vector<OptionChange>& changes) {
    json::array result;
    for (const auto& change : changes)
        result.push_back(
            {{"option", change.path}, {"before", change.before}, {"now", change.after}});
    return result;
}

Task<Result<json::value>> reload(App& app, const json::object&) {
    auto done = app.reload();
    if (!done) co_return done.error();
    json::array certificates, warnings;
    for (const auto& each : done->certificates)
        certificates.push_back({{"domain", each.domain},
                                {"file", each.file},
                                {"expires", format_datetime(each.valid_until)}});
    for (const auto& each : done->warnings) warnings.emplace_back(each);
    co_return json::value{{"applied", described(done->applied)},
                          {"need_restart", described(done->need_restart)},
                          {"certificates", std::move(certificates)},
                          {"warnings", std::move(warnings)}};
}

Task<Result<json::value>> set_level(core::Context&, const json::object& arguments) {
    auto level = parse_log_level(core::text(arguments, "level"));
    if (!level) co_return fail(error_code::usage, level.error().text);
    set_log_level(*level);
    co_return json::value{{"level", to_string(*level)}};
}

Task<Result<json::value>> show_metrics(App& app, const json::object&) {
    co_await measure_memory(app);
    co_return json::value(metrics().to_prometheus());
}

}  // namespace

core::AdminArea server_commands(App& app) {
    using Kind = core::ArgumentKind;
    return {.name = {},
            .help = {},
            .commands = {
                {.name = "status",
                 .help = "how the server is: version, domains, ports, accounts, sessions, alarms",
                 .columns = {{"alarms", "ALARMS", core::ColumnKind::alarms}},
                 .run = with(app, status)},
                {.name = "stop",
                 .help = "stop the server in order; sleeping and connected sessions can be resumed "
                         "after the next start",
                 .arguments = {{.name = "wait",
                                .kind = Kind::flag,
                                .help = "return when its process is gone, a minute at most"}},
                 .client = "stop",
                 .run = with(app, stop)},
                {.name = "reload",
                 .help = "read the configuration file and the certificates again; says what was "
                         "applied, which certificates were loaded anew, and what needs a restart",
                 .shape = "reload",
                 .run = with(app, reload)},
                {.name = "metrics",
                 .help = "all counters, in Prometheus' text format",
                 .run = with(app, show_metrics)},
                backup_command(app),
                trace_command()}};
}

core::AdminArea log_commands() {
    return {.name = "log",
            .help = "logging",
            .commands = {{.name = "log level",
                          .help = "log more or less until the next reload",
                          .arguments = {{.name = "level",
                                         .use = core::ArgumentUse::required,
                                         .help = "debug, info, warning or error"}},
                          .run = set_level}}};
}

}  // namespace clarion::app
