#include "modules/blocking/admin_commands.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "base/text.h"
#include "modules/blocking/reports.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"

namespace clarion::blocking {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

json::object describe(const KeptReport& kept) {
    json::array messages;
    for (const std::string& id : kept.report.messages) messages.emplace_back(id);
    return {{"id", kept.id},
            {"domain", kept.host},
            {"time", format_datetime(std::chrono::floor<std::chrono::seconds>(kept.report.time))},
            {"reporter", kept.report.reporter},
            {"reported", kept.report.reported},
            {"reason", name(kept.report.reason)},
            {"text", kept.report.text},
            {"messages", std::move(messages)}};
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto hosts = core::hosts_argument(here.domains(), arguments, "domain");
    if (!hosts) co_return hosts.error();
    json::array rows;
    for (const std::string& host : *hosts) {
        const auto reports = co_await read_reports(here, host);
        if (!reports) co_return reports.error();
        for (const KeptReport& kept : *reports) rows.push_back(describe(kept));
    }
    co_return json::value(std::move(rows));
}

Task<Result<json::value>> dismiss(Context& here, const json::object& arguments) {
    const std::string id(text(arguments, "id"));
    const bool all = id == "all";
    if (!all && !is_report_key(id))
        co_return fail(error_code::usage, "id: expected one that `report list` shows, or all");
    const auto hosts = core::hosts_argument(here.domains(), arguments, "domain");
    if (!hosts) co_return hosts.error();
    std::uint64_t dismissed = 0;
    for (const std::string& host : *hosts) {
        std::string which = all ? std::string() : id;
        const auto done = co_await dismiss_reports(here, host, std::move(which));
        if (!done) co_return done.error();
        dismissed += *done;
    }
    if (dismissed == 0 && !all)
        co_return fail(error_code::item_not_found, "there is no such report");
    co_return json::value{{"dismissed", dismissed}};
}

Task<std::vector<core::AdminAlarm>> alarms(Context& here) {
    std::vector<core::AdminAlarm> alarms;
    for (const std::string& host : here.domains().hosts()) {
        const auto count = co_await count_reports(here, host);
        if (!count || *count == 0) continue;
        alarms.push_back({"reports of spam or abuse by users of " + host +
                              " that nobody has dismissed: " + std::to_string(*count),
                          "clarionctl report list " + host});
    }
    co_return alarms;
}

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "report",
        .help = "spam and abuse that users reported when they blocked somebody",
        .commands =
            {{.name = "report list",
              .help =
                  "reports that nobody has dismissed yet, oldest first: who reported whom, why, "
                  "and the ids of messages in the reporter's archive",
              .arguments = {{.name = "domain",
                             .kind = Kind::domain,
                             .use = Use::optional,
                             .help = "only those by users of this domain"}},
              .columns = {{"id", "id"},
                          {"time", "time"},
                          {"reporter", "reporter"},
                          {"reported", "reported"},
                          {"reason", "reason"},
                          {"text", "text"},
                          {"messages", "messages"}},
              .none = "no reports",
              .run = list},
             {.name = "report dismiss",
              .help = "forget a report that was dealt with; `status` warns of it no more",
              .arguments = {{.name = "id",
                             .use = Use::required,
                             .help = "the id that `report list` shows, or all"},
                            {.name = "domain",
                             .kind = Kind::domain,
                             .help = "only of reports by users of this domain"}},
              .run = dismiss}},
        .alarms = alarms};
    return area;
}

}  // namespace clarion::blocking
