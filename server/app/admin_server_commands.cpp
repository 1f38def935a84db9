// status, stop, reload, log/level, metrics.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "server/app/admin_commands.h"
#include "server/app/admin_push.h"
#include "server/app/app.h"
#include "server/core/remote_call.h"
#include "server/core/session.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

struct Load {
    std::uint64_t accounts = 0, sessions = 0, asleep = 0;
};

Task<> count(core::Core& core, Load& load) {
    core.accounts().for_each([&load](core::Account& account) {
        ++load.accounts;
        for (const auto& session : account.sessions())
            ++(session->is_hibernating() ? load.asleep : load.sessions);
    });
    co_return;
}

Task<Result<json::value>> status(App& app, const json::object&) {
    Load load;
    co_await core::run_on_all(*app.shared().cores[0],
                              [&load](core::Core& core) { return count(core, load); });
    const auto up =
        std::chrono::duration_cast<std::chrono::seconds>(system_clock().steady() - app.started());
    json::array domains, listening;
    for (const auto& host : app.shared().hosts.hosts()) domains.emplace_back(host);
    for (const auto& where : app.listening()) listening.emplace_back(where);
    const auto accounts = co_await app.shared().storage.owners().count(storage::OwnerKind::account);
    json::array alarms;
    for (const auto& alarm : app.certificate_alarms(*app.shared().cores[0]))
        alarms.push_back({{"what", alarm.what}, {"next", alarm.next}});
    json::array of_push = co_await push_alarms(app);
    for (auto& alarm : of_push) alarms.push_back(std::move(alarm));
    co_return json::value{{"version", CLARION_VERSION},
                          {"uptime_seconds", up.count()},
                          {"domains", std::move(domains)},
                          {"listening", std::move(listening)},
                          {"shards", app.shared().shards.count()},
                          {"accounts", accounts ? json::value(*accounts) : json::value(nullptr)},
                          {"accounts_loaded", load.accounts},
                          {"sessions_connected", load.sessions},
                          {"sessions_asleep_loaded", load.asleep},
                          {"storage_backlog_bytes", app.shared().storage.backlog_bytes()},
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

Task<Result<json::value>> set_level(App&, const json::object& arguments) {
    auto level = parse_log_level(text(arguments, "level"));
    if (!level) co_return fail("usage", level.error().text);
    set_log_level(*level);
    co_return json::value{{"level", to_string(*level)}};
}

Task<Result<json::value>> show_metrics(App&, const json::object&) {
    co_return json::value(metrics().to_prometheus());
}

}  // namespace

std::span<const AdminRow> server_commands() {
    static const std::array<AdminRow, 5> rows{{{"status", status},
                                               {"stop", stop},
                                               {"reload", reload},
                                               {"log/level", set_level},
                                               {"metrics", show_metrics}}};
    return rows;
}

}  // namespace clarion::app
