// status, stop, reload, metrics, log level, log tail.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/free_space.h"
#include "base/log.h"
#include "base/log_tail.h"
#include "base/metrics.h"
#include "base/text.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/data_directory.h"
#include "server/app/dropped_lines.h"
#include "server/app/log_tail_options.h"
#include "server/app/memory_metrics.h"
#include "server/app/session_count.h"
#include "server/core/options.h"
#include "storage/storage.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

constexpr std::int64_t usual_lines = 50;

/// Options of the file that only a restart applies.
json::object waiting_alarm(const std::vector<std::string>& options) {
    constexpr std::size_t most = 3;
    std::string named;
    for (std::size_t i = 0; i < std::min(most, options.size()); ++i)
        named += (i > 0 ? ", " : "") + options[i];
    if (options.size() > most) named += " and " + std::to_string(options.size() - most) + " more";
    return {{"what", "the configuration file has other values, which wait for a restart: " + named},
            {"next", "Restart the server, or put them back and `clarionctl reload`"}};
}

/// What cannot be kept, or soon will not be.
std::vector<json::object> storage_alarms(const core::Context& here) {
    std::vector<json::object> alarms;
    const std::string& directory = here.options<core::ServerOptions>().data_dir;
    if (const Result<> last = here.storage().last_commit(); !last)
        alarms.push_back({{"what", "nothing can be stored: " + last.error().text},
                          {"next", "Make room in " + directory +
                                       "; what users do is refused until then (`clarionctl log "
                                       "tail`)"}});
    const auto free = free_bytes(directory);
    const auto wanted = here.options<core::StorageOptions>().free_space_warning;
    if (free && *free < static_cast<std::uint64_t>(wanted))
        alarms.push_back(
            {{"what", "the disk of " + directory + " has " + std::to_string(*free) + " bytes left"},
             {"next", "Make room there ([storage] free_space_warning)"}});
    return alarms;
}

Task<Result<json::value>> status(App& app, const json::object&) {
    const SessionCount load = co_await count_sessions(app);
    const auto up =
        std::chrono::duration_cast<std::chrono::seconds>(system_clock().steady() - app.started());
    json::array domains, listening;
    for (const auto& host : app.context().domains().hosts()) domains.emplace_back(host);
    for (const auto& where : app.listening()) listening.emplace_back(where);
    const auto accounts =
        co_await app.context().storage().owners().count(storage::OwnerKind::account);
    const auto free = free_bytes(app.context().options<core::ServerOptions>().data_dir);
    json::array alarms;
    for (const auto& alarm : app.certificate_alarms(app.context()))
        alarms.push_back({{"what", alarm.what}, {"next", alarm.next}});
    if (const auto alarm = dropped_lines_alarm(log_lines_dropped()))
        alarms.push_back({{"what", alarm->what}, {"next", alarm->next}});
    for (auto& alarm : storage_alarms(app.context())) alarms.push_back(std::move(alarm));
    if (const auto waiting = app.awaiting_restart(); !waiting.empty())
        alarms.push_back(waiting_alarm(waiting));
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
                          {"sessions_connected", load.connected},
                          {"sessions_asleep_loaded", load.asleep},
                          {"database_bytes", database_bytes(app.context().config())},
                          {"database_free_bytes", free ? json::value(*free) : json::value(nullptr)},
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
            {{"option", change.path},
             {"before", change.before},
             {"now", change.after},
             {"line", change.line > 0 ? json::value(change.line) : json::value(nullptr)}});
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

Task<Result<json::value>> show_tail(core::Context&, const json::object& arguments) {
    const json::value* wanted = arguments.if_contains("lines");
    const bool given = wanted && wanted->is_int64() && wanted->get_int64() > 0;
    const auto most = static_cast<std::size_t>(given ? wanted->get_int64() : usual_lines);
    const auto kept = log_tail(most);
    json::array lines;
    for (const std::string& line : kept) {
        const LogLine parts = split_log_line(line);
        lines.push_back({{"time", parts.time},
                         {"level", parts.level},
                         {"area", parts.area},
                         {"text", parts.text}});
    }
    co_return json::value(std::move(lines));
}

Task<Result<json::value>> show_metrics(App& app, const json::object&) {
    co_await measure_memory(app);
    co_await measure_sessions(app);
    count_dropped_lines();
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
                history_command(app),
                backup_command(app),
                trace_command()}};
}

core::AdminArea log_commands() {
    return {
        .name = "log",
        .help = "logging",
        .commands = {
            {.name = "log level",
             .help = "log more or less until the next reload",
             .arguments = {{.name = "level",
                            .use = core::ArgumentUse::required,
                            .help = "debug, info, warning or error"}},
             .run = set_level},
            {.name = "log tail",
             .help = "the newest lines of the log, oldest first: as many as the "
                     "server keeps in memory ([log] tail_lines)",
             .arguments = {{.name = "lines",
                            .kind = core::ArgumentKind::number,
                            .help = "at most so many",
                            .usual = usual_lines,
                            .most = most_tail_lines}},
             .columns = {{"time", "time"}, {"level", "level"}, {"area", "area"}, {"text", "text"}},
             .none = "no lines are kept: see [log] tail_lines",
             .run = show_tail}}};
}

}  // namespace clarion::app
