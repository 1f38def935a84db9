#include "modules/blocking/reports.h"

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/metrics.h"
#include "proto/ns.h"

namespace clarion::blocking {
namespace {

constexpr Logger logger{"blocking"};

/// Reasons this server knows; a peer's own words name no metric.
std::string_view reason_of(const xml::Element& report) {
    const std::string_view reason = report.attr("reason");
    if (reason == "urn:xmpp:reporting:spam") return "spam";
    if (reason == "urn:xmpp:reporting:abuse") return "abuse";
    return "other";
}

void count(std::string_view reason) {
    static constexpr std::string_view name = "clarion_abuse_reports_total";
    static constexpr std::string_view help = "Reports that came with a block (XEP-0377)";
    static Counter& spam = metrics().counter(name, help, "reason=\"spam\"");
    static Counter& abuse = metrics().counter(name, help, "reason=\"abuse\"");
    static Counter& other = metrics().counter(name, help, "reason=\"other\"");
    if (reason == "spam") return spam.add();
    if (reason == "abuse") return abuse.add();
    other.add();
}

/// Ids in the reporting user's archive: by them the operator finds what is meant.
std::string message_ids(const xml::Element& report) {
    std::string ids;
    for (const xml::Element& child : report.children()) {
        if (!child.is(ns::stanza_id, "stanza-id") || ids.size() > log_value_limit) continue;
        if (!ids.empty()) ids += ' ';
        ids += child.attr("id");
    }
    return ids;
}

}  // namespace

void take_report(ReportCount& hour, SteadyTime now, std::int64_t limit, const Jid& by,
                 const Jid& of, const xml::Element& report) {
    if (now - hour.since >= std::chrono::hours(1)) hour = {now, 0};
    if (hour.count >= limit) return;
    ++hour.count;
    const std::string_view reason = reason_of(report);
    count(reason);
    logger.info("report", {{"by", by.full()},
                           {"of", of.full()},
                           {"reason", reason},
                           {"messages", message_ids(report)}});
}

}  // namespace clarion::blocking
