#include "modules/blocking/reports.h"

#include "base/log.h"
#include "base/metrics.h"
#include "modules/blocking/blocking.h"
#include "server/core/actors/host_owner.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::blocking {

using core::Context;

namespace {

constexpr Logger logger{"blocking"};
/// As in the row of the module: reports are read where no module's state is at hand.
constexpr std::string_view module_name = "blocking";
/// More do not wait to be written: whoever sends so many at once is not reporting.
constexpr std::size_t most_waiting = 1000;
constexpr std::size_t page_entries = 100;

void count(ReportReason reason) {
    static constexpr std::string_view name = "clarion_abuse_reports_total";
    static constexpr std::string_view help = "Reports that came with a block (XEP-0377)";
    static Counter& spam = metrics().counter(name, help, "reason=\"spam\"");
    static Counter& abuse = metrics().counter(name, help, "reason=\"abuse\"");
    static Counter& other = metrics().counter(name, help, "reason=\"other\"");
    if (reason == ReportReason::spam) return spam.add();
    if (reason == ReportReason::abuse) return abuse.add();
    other.add();
}

std::string joined(const std::vector<std::string>& ids) {
    std::string text;
    for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
    return text;
}

/// Nothing: nobody has reported anything to the host, nor has anything else been kept with it.
Task<Result<std::optional<storage::DataSpace>>> space_of(Context& here, std::string host) {
    const auto owner = co_await here.storage().owners().find(storage::OwnerKind::actor, host);
    if (!owner) co_return owner.error();
    if (!*owner) co_return std::optional<storage::DataSpace>();
    co_return storage::DataSpace{**owner, module_name, storage::DataKind::stored};
}

Task<> file_at_home(Context& here, std::string host, std::vector<Report> reports) {
    const std::function<Task<>(Context&)> tell = [&](Context& home) -> Task<> {
        home.bus().fire(ReportsFiled{host, reports});
        co_return;
    };
    co_await core::call_at_home(here, host, tell);
}

Task<Result<std::uint64_t>> dismiss_at_home(Context& home, std::string host, std::string id) {
    const auto space = co_await space_of(home, host);
    if (!space) co_return space.error();
    if (!*space) co_return std::uint64_t{0};
    auto& data = home.storage().module_data();
    std::uint64_t dismissed = 0;
    if (id.empty()) {
        const auto usage = co_await data.usage(**space);
        if (!usage) co_return usage.error();
        if (!home.is_home(host)) co_return fail(error_code::moved);
        dismissed = usage->entries;
        data.clear(home.shard().batch(), **space);
    } else {
        const auto found = co_await data.get(**space, id);
        if (!found) co_return found.error();
        if (!*found) co_return std::uint64_t{0};
        if (!home.is_home(host)) co_return fail(error_code::moved);
        dismissed = 1;
        data.remove(home.shard().batch(), **space, id);
    }
    const Result<> committed = co_await home.shard().committed();
    if (!committed) co_return committed.error();
    co_return dismissed;
}

}  // namespace

bool take_report(ReportCount& hour, SteadyTime now, std::int64_t limit, const Report& report) {
    if (now - hour.since >= std::chrono::hours(1)) hour = {now, 0};
    if (hour.count >= limit) return false;
    ++hour.count;
    count(report.reason);
    logger.info("report", {{"by", report.reporter},
                           {"of", report.reported},
                           {"reason", name(report.reason)},
                           {"messages", joined(report.messages)}});
    return true;
}

void file_reports(Context& here, std::string host, std::vector<Report> reports) {
    here.scope().spawn("report", file_at_home(here, std::move(host), std::move(reports)));
}

// ---- At the home of the host -------------------------------------------------------------------

KeptReports::KeptReports(core::ModuleSetup& setup)
    : context_(setup.context()), stored_(setup.stored_data()) {}

void KeptReports::on_filed(const ReportsFiled& event) {
    for (const Report& report : event.reports)
        if (waiting_.size() < most_waiting) waiting_.emplace_back(event.host, report);
    if (keeping_ || waiting_.empty()) return;
    keeping_ = true;
    context_.scope().spawn("keep-reports", keep_all());
}

/// One after the other, each durable before the next is looked at: what is read is what is
/// committed.
Task<> KeptReports::keep_all() {
    while (!waiting_.empty()) {
        auto [host, report] = std::move(waiting_.front());
        waiting_.pop_front();
        const Result<> kept = co_await keep(host, std::move(report));
        if (!kept) logger.error("report-not-kept", {{"host", host}, {"error", kept.error().text}});
    }
    keeping_ = false;
}

Task<Result<>> KeptReports::keep(std::string host, Report report) {
    if (context_.options<BlockingOptions>(host).kept_reports == 0) co_return Result<>();
    const auto owner = co_await core::owner_of_host(context_, host);
    if (!owner) co_return owner.error();
    const Result<> room = co_await make_room(*owner, host);
    if (!room) co_return room;
    for (;;) {  // the time is a report's name: no two of them have the same
        const auto taken = co_await stored_.get(*owner, report_key(report.time));
        if (!taken) co_return taken.error();
        if (!*taken) break;
        report.time += std::chrono::microseconds(1);
    }
    if (!context_.is_home(host)) {  // another shard has it now
        std::vector<Report> again;
        again.push_back(std::move(report));
        file_reports(context_, std::move(host), std::move(again));
        co_return Result<>();
    }
    stored_.put_uncounted(*owner, report_key(report.time), encode(report));
    co_return co_await context_.shard().committed();
}

/// The oldest go.
Task<Result<>> KeptReports::make_room(storage::OwnerId owner, std::string_view host) {
    const auto most =
        static_cast<std::uint64_t>(context_.options<BlockingOptions>(host).kept_reports);
    const auto usage = co_await stored_.usage(owner);
    if (!usage) co_return usage.error();
    if (usage->entries < most) co_return Result<>();
    storage::DataQuery oldest;
    oldest.limit = usage->entries + 1 - most;
    const auto page = co_await stored_.read(owner, std::move(oldest));
    if (!page) co_return page.error();
    if (!context_.is_home(host)) co_return Result<>();
    for (const auto& entry : page->entries) stored_.remove(owner, entry.key);
    co_return Result<>();
}

// ---- For operators -----------------------------------------------------------------------------

Task<Result<std::vector<KeptReport>>> read_reports(Context& here, std::string host) {
    const auto space = co_await space_of(here, host);
    if (!space) co_return space.error();
    std::vector<KeptReport> reports;
    if (!*space) co_return reports;
    storage::DataQuery query;
    query.limit = page_entries;
    for (bool complete = false; !complete;) {
        const auto page = co_await here.storage().module_data().read(**space, query);
        if (!page) co_return page.error();
        for (const auto& entry : page->entries) {
            auto report = decode_report(entry.value);
            if (report)
                reports.push_back({entry.key, host, std::move(*report)});
            else
                logger.error("unreadable", {{"host", host}, {"error", report.error().text}});
        }
        complete = page->complete || page->entries.empty();
        if (!complete) query.after = page->entries.back().key;
    }
    co_return reports;
}

Task<Result<std::uint64_t>> count_reports(Context& here, std::string host) {
    const auto space = co_await space_of(here, std::move(host));
    if (!space) co_return space.error();
    if (!*space) co_return std::uint64_t{0};
    const auto usage = co_await here.storage().module_data().usage(**space);
    if (!usage) co_return usage.error();
    co_return usage->entries;
}

Task<Result<std::uint64_t>> dismiss_reports(Context& here, std::string host, std::string id) {
    const std::function<Task<Result<std::uint64_t>>(Context&)> work = [&](Context& home) {
        return dismiss_at_home(home, host, id);
    };
    co_return co_await core::ask_at_home<std::uint64_t>(here, host, work);
}

}  // namespace clarion::blocking
