#include "modules/mam/admin_commands.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "modules/mam/archive_expiry.h"
#include "server/core/actors/archive_id.h"
#include "server/core/address/domains.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::mam {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

constexpr auto pause = std::chrono::milliseconds(1);  // between slices of many accounts
constexpr std::size_t names_at_once = 100;

Task<Result<storage::AccountId>> find_account(Context& here, std::string jid) {
    const auto record = co_await here.storage().accounts().find(jid);
    if (!record) co_return record.error();
    if (!*record) co_return fail(error_code::item_not_found, jid + " does not exist");
    co_return (*record)->id;
}

// ---- stats -------------------------------------------------------------------------------------

struct Totals {
    std::uint64_t accounts = 0, archives = 0, messages = 0, bytes = 0;
    std::optional<WallTime> oldest, newest;

    void add(const std::optional<storage::ArchiveBounds>& bounds) {
        ++accounts;
        if (!bounds) return;
        ++archives;
        messages += bounds->count;
        bytes += bounds->bytes;
        oldest = std::min(oldest.value_or(bounds->first_time), bounds->first_time);
        newest = std::max(newest.value_or(bounds->last_time), bounds->last_time);
    }
};

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(format_datetime(*time)) : json::value();
}

Task<Result<json::value>> stats_of_account(Context& here, std::string jid) {
    const auto id = co_await find_account(here, jid);
    if (!id) co_return id.error();
    const auto bounds = co_await here.storage().archive().bounds(*id);
    if (!bounds) co_return bounds.error();
    Totals totals;
    totals.add(*bounds);
    co_return json::value{{"jid", jid},
                          {"messages", totals.messages},
                          {"bytes", totals.bytes},
                          {"oldest", time_or_null(totals.oldest)},
                          {"newest", time_or_null(totals.newest)}};
}

/// False: there are no more accounts.
Task<Result<bool>> count_some(Context& here, std::string domain, std::string& after,
                              Totals& totals) {
    auto& storage = here.storage();
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

Task<Result<json::value>> stats_of_domain(Context& here, std::string domain) {
    Totals totals;
    std::string after;
    for (;;) {
        const auto more = co_await count_some(here, domain, after, totals);
        if (!more) co_return more.error();
        if (!*more) break;
        co_await here.shard().sleep(pause);
    }
    co_return json::value{{"domain", domain},
                          {"accounts", totals.accounts},
                          {"archives", totals.archives},
                          {"messages", totals.messages},
                          {"bytes", totals.bytes},
                          {"oldest", time_or_null(totals.oldest)},
                          {"newest", time_or_null(totals.newest)}};
}

Task<Result<json::value>> stats(Context& here, const json::object& arguments) {
    if (!text(arguments, "jid").empty()) {
        const auto jid = core::address_argument(here.domains(), arguments);
        if (!jid) co_return jid.error();
        if (jid->has_local()) co_return co_await stats_of_account(here, std::string(jid->full()));
        co_return co_await stats_of_domain(here, std::string(jid->full()));
    }
    json::array domains;
    for (const std::string& domain : here.domains().hosts()) {
        auto row = co_await stats_of_domain(here, domain);
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
    if (!time) return fail(error_code::usage, "before: expected a date such as 2026-01-31");
    return time;
}

/// What is to stay.
Result<storage::Keep> keep_argument(Context& here, const json::object& arguments) {
    const std::string_view before = text(arguments, "before"), age = text(arguments, "older_than");
    if (!before.empty() && !age.empty())
        return fail(error_code::usage, "either a date or an age, not both");
    if (before.empty() && age.empty()) return storage::Keep{.since = WallTime::max()};
    const WallTime now = here.clock().wall();
    if (!before.empty()) {
        const auto since = read_date(before);
        if (!since) return since.error();
        return storage::Keep{.since = *since, .now = now};
    }
    const auto duration = parse_duration(age);
    if (!duration) return fail(error_code::usage, "older_than: expected an age such as 90d");
    return storage::Keep{.since = now - *duration, .now = now};
}

struct Purged {
    std::uint64_t accounts = 0, messages = 0, left_out = 0;
};

/// On the account's home shard, like all that is written for it.
Task<Result<>> purge_account(Context& here, std::string jid, storage::Keep keep, Purged& purged) {
    Expired expired;
    const auto done = co_await core::ask_at_home<void>(here, jid, [&](Context& home) {
        return expire_archive(home, storage::OwnerKind::account, jid, keep, expired);
    });
    if (expired.messages > 0) ++purged.accounts;
    purged.messages += expired.messages;
    co_return done;
}

Task<Result<>> purge_domain(Context& here, std::string domain, storage::Keep keep, Purged& purged,
                            const core::AdminAsker& asker) {
    std::string after;
    for (;;) {
        const auto names = co_await here.storage().owners().list(storage::OwnerKind::account,
                                                                 domain, after, names_at_once);
        if (!names) co_return names.error();
        for (const std::string& name : *names) {
            if (asker.spares(name)) {
                ++purged.left_out;
                continue;
            }
            const auto done = co_await purge_account(here, name, keep, purged);
            if (!done) co_return done.error();
        }
        if (names->size() < names_at_once) co_return Result<>{};
        after = names->back();
    }
}

Task<Result<json::value>> purge(Context& here, const json::object& arguments,
                                const core::AdminAsker& asker) {
    const auto jid = core::address_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto keep = keep_argument(here, arguments);
    if (!keep) co_return keep.error();
    Purged purged;
    Result<> done;
    if (jid->has_local()) {
        const auto id = co_await find_account(here, std::string(jid->full()));
        if (!id) co_return id.error();
        done = co_await purge_account(here, std::string(jid->full()), *keep, purged);
    } else {
        done = co_await purge_domain(here, std::string(jid->full()), *keep, purged, asker);
    }
    if (!done) co_return done.error();
    json::object answer{{"archives", purged.accounts}, {"messages", purged.messages}};
    if (purged.left_out > 0) answer["left_out"] = purged.left_out;
    co_return json::value(std::move(answer));
}

// ---- export ------------------------------------------------------------------------------------

/// After the message with this id, whether that is still there or not.
Result<std::optional<storage::ArchiveId>> after_argument(const json::object& arguments,
                                                         core::ArchiveIds ids) {
    const std::string_view after = text(arguments, "after");
    if (after.empty()) return std::optional<storage::ArchiveId>();
    const auto id = ids.parse(after);
    if (!id) return fail(error_code::usage, "after: not an id of an archive");
    return id;
}

/// A page: whoever exports asks again with the id of the last message until there are no more.
Task<Result<json::value>> export_page(Context& here, const json::object& arguments) {
    const auto jid = core::address_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto id = co_await find_account(here, std::string(jid->full()));
    if (!id) co_return id.error();
    const core::ArchiveIds ids = here.archive_ids(*id);
    const auto after = after_argument(arguments, ids);
    if (!after) co_return after.error();
    storage::ArchiveQuery query{.owner = *id, .behind = *after};
    query.limit = 500;
    query.max_bytes = 1 << 20;
    auto page = co_await here.storage().archive().query(query);
    if (!page) co_return page.error();
    json::array messages;
    for (const auto& message : page->messages)
        messages.push_back({{"id", ids.format(message.id)},
                            {"time", format_datetime(message.time)},
                            {"stanza", message.xml}});
    co_return json::value{{"messages", std::move(messages)}, {"complete", page->complete}};
}

// ---- alarms ------------------------------------------------------------------------------------

Task<> add_large(Context& context, LargeArchives& all) {
    LargeArchivesSought sought;
    context.bus().fire(sought);
    if (!sought.found || sought.found->count == 0) co_return;
    all.count += sought.found->count;
    all.example = sought.found->example;
}

Task<std::vector<core::AdminAlarm>> alarms(Context& here) {
    LargeArchives large;
    co_await core::run_on_all(here, [&](Context& context) { return add_large(context, large); });
    std::vector<core::AdminAlarm> alarms;
    if (large.count > 0)
        alarms.push_back(
            {"archives that grew beyond [mam] max_bytes and lost their oldest messages "
             "within the hour: " +
                 std::to_string(large.count) + ", that of " + large.example + " for one",
             "clarionctl archive stats " + large.example});
    co_return alarms;
}

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

core::AdminCommand stats_command() {
    using enum core::ColumnKind;
    return {.name = "archive stats",
            .help =
                "messages in an account's archive, or in those of each domain, and the bytes of "
                "their stanzas",
            .arguments = {{.name = "jid",
                           .kind = Kind::jid,
                           .use = Use::optional,
                           .help = "an account, or a domain; all domains if left out"}},
            .columns = {{"domain", "domain"},
                        {"accounts", "accounts", number},
                        {"archives", "archives", number},
                        {"messages", "messages", number},
                        {"bytes", "bytes", number},
                        {"oldest", "oldest"},
                        {"newest", "newest"}},
            .none = "no archives",
            .run = stats};
}

core::AdminCommand purge_command() {
    return {
        .name = "archive purge",
        .help =
            "remove messages from archives, at once and for good; asks at a terminal, says how "
            "many. The disk is used again a day or two later",
        .arguments = {{.name = "jid",
                       .kind = Kind::jid,
                       .use = Use::required,
                       .help = "an account, or a domain: all archives there"},
                      {.name = "before",
                       .help = "only messages from before this date (UTC), such as 2026-01-31 or "
                               "2026-01-31T12:00:00Z"},
                      {.name = "older_than",
                       .help = "only messages older than this, such as 90d or 12h"}},
        .questions = {{"before",
                       "Remove messages from before {before} from the archive of {jid}, for good?"},
                      {"older_than",
                       "Remove messages older than {older_than} from the archive of {jid}, for "
                       "good?"},
                      {"", "Remove all messages from the archive of {jid}, for good?"}},
        .run = purge};
}

core::AdminCommand export_command() {
    return {.name = "archive export",
            .help =
                "write an archive as one XML document (XEP-0227); with --json, a line of JSON "
                "per message",
            .arguments = {{.name = "jid",
                           .kind = Kind::jid,
                           .use = Use::required,
                           .help = "an account, such as romeo@example.org"},
                          {.name = "file",
                           .kind = Kind::local_file,
                           .use = Use::optional,
                           .help = "where to write it, readable by its owner only; standard output "
                                   "if left out"}},
            .client = "archive-export",
            .run = export_page};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "archive",
        .help = "message archives",
        .commands = {stats_command(), purge_command(), export_command()},
        .alarms = alarms};
    return area;
}

}  // namespace clarion::mam
