// archive/stats, archive/purge, archive/export.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/mam/archive_expiry.h"
#include "modules/mam/query.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/core/archive_id.h"
#include "server/core/remote_call.h"

namespace clarion::app {

namespace json = boost::json;
using core::Core;

namespace {

constexpr auto pause = std::chrono::milliseconds(1);  // between slices of many accounts
constexpr std::size_t names_at_once = 100;

/// One of our accounts, or with an empty localpart one of our domains.
Result<Jid> address_argument(App& app, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid) return fail("usage", "jid: " + jid.error().text);
    if (!app.shared().hosts.is_host(jid->domain()))
        return fail("item-not-found",
                    std::string(jid->domain()) + " is not a domain of this server");
    return jid->to_bare();
}

Task<Result<storage::AccountId>> find_account(App& app, std::string jid) {
    const auto record = co_await app.shared().storage.accounts().find(jid);
    if (!record) co_return record.error();
    if (!*record) co_return fail("item-not-found", jid + " does not exist");
    co_return (*record)->id;
}

// ---- stats -------------------------------------------------------------------------------------

struct Totals {
    std::uint64_t accounts = 0, archives = 0, messages = 0;
    std::optional<WallTime> oldest, newest;

    void add(const std::optional<storage::ArchiveBounds>& bounds) {
        ++accounts;
        if (!bounds) return;
        ++archives;
        messages += bounds->count;
        oldest = std::min(oldest.value_or(bounds->first_time), bounds->first_time);
        newest = std::max(newest.value_or(bounds->last_time), bounds->last_time);
    }
};

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(format_datetime(*time)) : json::value();
}

Task<Result<json::value>> stats_of_account(App& app, std::string jid) {
    const auto id = co_await find_account(app, jid);
    if (!id) co_return id.error();
    const auto bounds = co_await app.shared().storage.archive().bounds(*id);
    if (!bounds) co_return bounds.error();
    Totals totals;
    totals.add(*bounds);
    co_return json::value{{"jid", jid},
                          {"messages", totals.messages},
                          {"oldest", time_or_null(totals.oldest)},
                          {"newest", time_or_null(totals.newest)}};
}

/// False: there are no more accounts.
Task<Result<bool>> count_some(App& app, std::string domain, std::string& after, Totals& totals) {
    auto& storage = app.shared().storage;
    const auto names =
        co_await storage.owners().list(storage::OwnerKind::account, domain, after, names_at_once);
    if (!names) co_return names.error();
    for (const std::string& name : *names) {
        const auto record = co_await storage.accounts().find(name);
        if (!record) co_return record.error();
        if (!*record) continue;
        const auto bounds = co_await storage.archive().bounds((*record)->id);
        if (!bounds) co_return bounds.error();
        totals.add(*bounds);
    }
    if (!names->empty()) after = names->back();
    co_return names->size() == names_at_once;
}

Task<Result<json::value>> stats_of_domain(App& app, std::string domain) {
    Totals totals;
    std::string after;
    for (;;) {
        const auto more = co_await count_some(app, domain, after, totals);
        if (!more) co_return more.error();
        if (!*more) break;
        co_await app.shared().cores[0]->shard().sleep(pause);
    }
    co_return json::value{{"domain", domain},
                          {"accounts", totals.accounts},
                          {"archives", totals.archives},
                          {"messages", totals.messages},
                          {"oldest", time_or_null(totals.oldest)},
                          {"newest", time_or_null(totals.newest)}};
}

Task<Result<json::value>> stats(App& app, const json::object& arguments) {
    if (!text(arguments, "jid").empty()) {
        const auto jid = address_argument(app, arguments);
        if (!jid) co_return jid.error();
        if (jid->has_local()) co_return co_await stats_of_account(app, std::string(jid->full()));
        co_return co_await stats_of_domain(app, std::string(jid->full()));
    }
    json::array domains;
    for (const std::string& domain : app.shared().hosts.hosts()) {
        auto row = co_await stats_of_domain(app, domain);
        if (!row) co_return row.error();
        domains.push_back(std::move(*row));
    }
    co_return json::value(std::move(domains));
}

// ---- purge -------------------------------------------------------------------------------------

/// "2026-01-31" or with a time of day.
Result<WallTime> read_date(std::string_view text) {
    const bool whole_day = text.size() == std::string_view("2026-01-31").size();
    auto time = parse_datetime(std::string(text) + (whole_day ? "T00:00:00Z" : ""));
    if (!time) return fail("usage", "before: expected a date such as 2026-01-31");
    return time;
}

/// What is to stay.
Result<storage::Keep> keep_argument(App& app, const json::object& arguments) {
    const std::string_view before = text(arguments, "before"), age = text(arguments, "older_than");
    if (!before.empty() && !age.empty()) return fail("usage", "either a date or an age, not both");
    if (before.empty() && age.empty()) return storage::Keep{.since = WallTime::max()};
    const WallTime now = app.shared().cores[0]->clock().wall();
    if (!before.empty()) {
        const auto since = read_date(before);
        if (!since) return since.error();
        return storage::Keep{.since = *since, .now = now};
    }
    const auto duration = parse_duration(age);
    if (!duration) return fail("usage", "older_than: expected an age such as 90d");
    return storage::Keep{.since = now - *duration, .now = now};
}

struct Purged {
    std::uint64_t accounts = 0, messages = 0;
};

Task<> purge_here(Core& core, std::string jid, storage::Keep keep, Result<std::uint64_t>& result) {
    result = co_await mam::expire_account(core, std::move(jid), keep);
}

/// On the account's home shard, like all that is written for it.
Task<Result<>> purge_account(App& app, std::string jid, storage::Keep keep, Purged& purged) {
    Result<std::uint64_t> result = fail("internal-server-error", "the server is stopping");
    co_await core::call_on_shard(*app.shared().cores[0], app.shared().homes.shard_of(jid),
                                 [&](Core& core) { return purge_here(core, jid, keep, result); });
    if (!result) co_return result.error();
    if (*result > 0) ++purged.accounts;
    purged.messages += *result;
    co_return Result<>{};
}

Task<Result<>> purge_domain(App& app, std::string domain, storage::Keep keep, Purged& purged) {
    std::string after;
    for (;;) {
        const auto names = co_await app.shared().storage.owners().list(
            storage::OwnerKind::account, domain, after, names_at_once);
        if (!names) co_return names.error();
        for (const std::string& name : *names) {
            const auto done = co_await purge_account(app, name, keep, purged);
            if (!done) co_return done.error();
        }
        if (names->size() < names_at_once) co_return Result<>{};
        after = names->back();
    }
}

Task<Result<json::value>> purge(App& app, const json::object& arguments) {
    const auto jid = address_argument(app, arguments);
    if (!jid) co_return jid.error();
    const auto keep = keep_argument(app, arguments);
    if (!keep) co_return keep.error();
    Purged purged;
    Result<> done;
    if (jid->has_local()) {
        const auto id = co_await find_account(app, std::string(jid->full()));
        if (!id) co_return id.error();
        done = co_await purge_account(app, std::string(jid->full()), *keep, purged);
    } else {
        done = co_await purge_domain(app, std::string(jid->full()), *keep, purged);
    }
    if (!done) co_return done.error();
    co_return json::value{{"archives", purged.accounts}, {"messages", purged.messages}};
}

// ---- export ------------------------------------------------------------------------------------

/// After the message with this id, whether that is still there or not.
Result<std::optional<storage::ArchiveId>> after_argument(const json::object& arguments,
                                                         core::ArchiveIds ids) {
    const std::string_view after = text(arguments, "after");
    if (after.empty()) return std::optional<storage::ArchiveId>();
    const auto id = ids.parse(after);
    if (!id) return fail("usage", "after: not an id of an archive");
    return id;
}

/// A page: whoever exports asks again with the id of the last message until there are no more.
Task<Result<json::value>> export_page(App& app, const json::object& arguments) {
    const auto jid = address_argument(app, arguments);
    if (!jid) co_return jid.error();
    const auto id = co_await find_account(app, std::string(jid->full()));
    if (!id) co_return id.error();
    const core::ArchiveIds ids = app.shared().cores[0]->archive_ids(*id);
    const auto after = after_argument(arguments, ids);
    if (!after) co_return after.error();
    storage::ArchiveQuery query{.owner = *id, .behind = *after};
    query.limit = 500;
    auto page = co_await app.shared().storage.archive().query(query);
    if (!page) co_return page.error();
    mam::shorten(*page, false, 1 << 20);
    json::array messages;
    for (const auto& message : page->messages)
        messages.push_back({{"id", ids.format(message.id)},
                            {"time", format_datetime(message.time)},
                            {"stanza", message.xml}});
    co_return json::value{{"messages", std::move(messages)}, {"complete", page->complete}};
}

}  // namespace

std::span<const AdminRow> archive_commands() {
    static const std::array<AdminRow, 3> rows{
        {{"archive/stats", stats}, {"archive/purge", purge}, {"archive/export", export_page}}};
    return rows;
}

}  // namespace clarion::app
