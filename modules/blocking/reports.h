// Abuse reports that come with a block (XEP-0377): a line in the log, a count, and a record for the
// operator (report_codec.h). Nothing is passed on to anybody.
//
// The newest records of a host are kept with the host ([blocking] kept_reports), so they stay when
// their reporter's account is deleted, until an operator dismisses them. They are written one after
// the other at the home of the host, soon after the block and without keeping its answer back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "modules/blocking/report_codec.h"
#include "server/core/setup/module.h"

namespace clarion::blocking {

/// How many reports of one account were taken in the current hour.
struct ReportCount {
    SteadyTime since{};
    std::int64_t count = 0;
};

/// Logs and counts a report; false, and nothing happens, if that would be one more than `limit` in an
/// hour.
bool take_report(ReportCount& hour, SteadyTime now, std::int64_t limit, const Report& report);

/// Fired at the home of the host: these are to be kept.
struct ReportsFiled {
    enum class Stage { keep };
    static constexpr std::string_view name = "ReportsFiled";
    std::string_view host;
    const std::vector<Report>& reports;
};

/// Any shard: takes them to the home of the host.
void file_reports(core::Context& here, std::string host, std::vector<Report> reports);

/// On one shard, those of the hosts that are at home there.
class KeptReports {
public:
    explicit KeptReports(core::ModuleSetup& setup);

    void on_filed(const ReportsFiled& event);

private:
    Task<> keep_all();
    Task<Result<>> keep(std::string host, Report report);
    Task<Result<>> make_room(storage::OwnerId owner, std::string_view host);

    core::Context& context_;
    core::StoredSpace stored_;
    std::deque<std::pair<std::string, Report>> waiting_;  // with their hosts
    bool keeping_ = false;
};

struct KeptReport {
    std::string id;
    std::string host;
    Report report;
};

/// All of a host, oldest first. Storage errors.
Task<Result<std::vector<KeptReport>>> read_reports(core::Context& here, std::string host);
/// Storage errors.
Task<Result<std::uint64_t>> count_reports(core::Context& here, std::string host);
/// Forgets the one with that id, or all if it is empty. Durable when it returns: how many there
/// were. Storage errors.
Task<Result<std::uint64_t>> dismiss_reports(core::Context& here, std::string host, std::string id);

}  // namespace clarion::blocking
