#include "modules/http_upload/admin_commands.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "modules/http_upload/file_store.h"
#include "modules/http_upload/options.h"
#include "modules/http_upload/records.h"
#include "modules/http_upload/uploads.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/address/domains.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::http_upload {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

constexpr auto pause = std::chrono::milliseconds(1);  // between owners
constexpr std::size_t at_once = 100;

Task<Result<storage::OwnerId>> find_account(Context& here, std::string jid) {
    const auto found = co_await here.storage().owners().find(storage::OwnerKind::account, jid);
    if (!found) co_return found.error();
    if (!*found) co_return fail(error_code::item_not_found, jid + " does not exist");
    co_return **found;
}

/// A page of what is kept of an account's files, whether the module is on or off.
Task<Result<storage::DataPage>> read_files(Context& here, storage::OwnerId owner,
                                           std::string after) {
    storage::DataQuery query{.prefix = std::string(file_prefix), .after = std::move(after)};
    query.limit = at_once;
    const storage::DataSpace space{owner, "http_upload", storage::DataKind::stored};
    co_return co_await here.storage().module_data().read(space, query);
}

// ---- list --------------------------------------------------------------------------------------

void add_row(json::array& rows, const storage::DataEntry& entry) {
    const auto key = parse_file_key(entry.key);
    const auto file = decode_file(entry.value);
    if (!key || !file) return;
    json::object row{{"id", key->id},
                     {"name", file->name},
                     {"type", file->type},
                     {"bytes", file->size},
                     {"purpose", name(file->purpose)},
                     {"uploaded", format_datetime(file->uploaded)}};
    if (file->expire_before) row["expires"] = format_datetime(*file->expire_before);
    rows.push_back(std::move(row));
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto owner = co_await find_account(here, std::string(jid->bare()));
    if (!owner) co_return owner.error();
    json::array rows;
    std::string after;
    for (;;) {
        const auto page = co_await read_files(here, *owner, after);
        if (!page) co_return page.error();
        for (const storage::DataEntry& entry : page->entries) add_row(rows, entry);
        if (page->complete) co_return json::value(std::move(rows));
        after = page->entries.back().key;
    }
}

// ---- purge -------------------------------------------------------------------------------------

struct Purged {
    std::uint64_t accounts = 0, files = 0, bytes = 0, left_out = 0;
};

/// Those that were uploaded before `until`.
struct Which {
    std::string account;
    storage::OwnerId owner = storage::OwnerId::none;
    LastingTime until = LastingTime::max();
};

Task<Result<Purged>> purge_page(Uploads& self, const Which& which, const storage::DataPage& page) {
    Purged purged;
    for (const storage::DataEntry& entry : page.entries) {
        const auto key = parse_file_key(entry.key);
        if (!key || key->since >= which.until) continue;
        const auto file = decode_file(entry.value);
        const auto removed = co_await self.remove(which.account, entry.key);
        if (!removed) co_return removed.error();
        if (!*removed) continue;
        ++purged.files;
        purged.bytes += file ? file->size : 0;
    }
    co_return purged;
}

/// On the account's home shard.
Task<Result<Purged>> purge_here(Context& home, const Which& which) {
    Uploads* self = nullptr;
    {
        const auto pin = co_await home.accounts().load(which.account);
        if (!pin) co_return pin.error();
        UploadsSought sought{**pin};
        home.bus().fire(sought);
        self = sought.found;
    }
    if (!self) co_return fail(error_code::item_not_found, "uploads are switched off there");
    Purged purged;
    std::string after;
    for (;;) {
        const auto page = co_await read_files(home, which.owner, after);
        if (!page) co_return page.error();
        const auto some = co_await purge_page(*self, which, *page);
        if (!some) co_return some.error();
        purged.files += some->files;
        purged.bytes += some->bytes;
        if (page->complete) co_return purged;
        after = page->entries.back().key;
    }
}

Task<Result<>> purge_account(Context& here, std::string account, LastingTime until,
                             Purged& purged) {
    const auto owner = co_await find_account(here, account);
    if (!owner) co_return owner.error();
    const Which which{account, *owner, until};
    const std::function<Task<Result<Purged>>(Context&)> work = [&which](Context& home) {
        return purge_here(home, which);
    };
    const auto some = co_await core::ask_at_home<Purged>(here, account, work);
    if (!some) co_return some.error();
    if (some->files > 0) ++purged.accounts;
    purged.files += some->files;
    purged.bytes += some->bytes;
    co_return Result<>{};
}

Task<Result<>> purge_domain(Context& here, std::string domain, LastingTime until, Purged& purged,
                            const core::AdminAsker& asker) {
    std::string after;
    for (;;) {
        const auto names = co_await here.storage().owners().list(storage::OwnerKind::account,
                                                                 domain, after, at_once);
        if (!names) co_return names.error();
        for (const std::string& account : *names) {
            if (asker.spares(account)) {
                ++purged.left_out;
                continue;
            }
            const auto done = co_await purge_account(here, account, until, purged);
            if (!done) co_return done.error();
        }
        if (names->size() < at_once) co_return Result<>{};
        after = names->back();
    }
}

Result<LastingTime> until_argument(Context& here, const json::object& arguments) {
    const std::string_view age = text(arguments, "older_than");
    if (age.empty()) return LastingTime::max();
    const auto duration = parse_duration(age);
    if (!duration) return fail(error_code::usage, "older_than: expected an age such as 90d");
    return here.clock().lasting() - *duration;
}

Task<Result<json::value>> purge(Context& here, const json::object& arguments,
                                const core::AdminAsker& asker) {
    const auto jid = core::address_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto until = until_argument(here, arguments);
    if (!until) co_return until.error();
    Purged purged;
    Result<> done;
    if (jid->has_local())
        done = co_await purge_account(here, std::string(jid->bare()), *until, purged);
    else
        done = co_await purge_domain(here, std::string(jid->full()), *until, purged, asker);
    if (!done) co_return done.error();
    json::object answer{
        {"accounts", purged.accounts}, {"files", purged.files}, {"bytes", purged.bytes}};
    if (purged.left_out > 0) answer["left_out"] = purged.left_out;
    co_return json::value(std::move(answer));
}

// ---- stats -------------------------------------------------------------------------------------

Task<json::object> stats_of(Context& here, std::string directory) {
    const FileStore store(std::move(directory), false);
    std::vector<storage::OwnerId> owners;
    std::uint64_t free = 0;
    co_await here.shard().offload([&] {
        owners = store.owners(PartitionSet::all());
        free = store.free_bytes();
    });
    std::uint64_t accounts = 0, files = 0, bytes = 0;
    for (const storage::OwnerId owner : owners) {
        FileStore::Totals totals;
        co_await here.shard().offload([&] { totals = store.totals(owner); });
        accounts += totals.files > 0 ? 1 : 0;
        files += totals.files;
        bytes += totals.bytes;
        co_await here.shard().sleep(pause);
    }
    co_return json::object{{"directory", store.directory()},
                           {"accounts", accounts},
                           {"files", files},
                           {"bytes", bytes},
                           {"free", free}};
}

Task<Result<json::value>> stats(Context& here, const json::object&) {
    json::array rows;
    for (const std::string& directory : all_directories(here.config(), here.domains().hosts())) {
        json::object row = co_await stats_of(here, directory);
        rows.push_back(std::move(row));
    }
    co_return json::value(std::move(rows));
}

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

core::AdminCommand list_command() {
    using enum core::ColumnKind;
    return {.name = "upload list",
            .help = "files that an account has uploaded, the oldest first",
            .arguments = {{.name = "jid",
                           .kind = Kind::jid,
                           .use = Use::required,
                           .help = "an account, such as romeo@example.org"}},
            .columns = {{"uploaded", "uploaded"},
                        {"bytes", "bytes", number},
                        {"type", "type"},
                        {"purpose", "purpose"},
                        {"name", "name"},
                        {"expires", "expires"},
                        {"id", "id"}},
            .none = "no files",
            .run = list};
}

core::AdminCommand purge_command() {
    return {
        .name = "upload purge",
        .help =
            "remove files that were uploaded, at once and for good; asks at a terminal, says how "
            "many",
        .arguments = {{.name = "jid",
                       .kind = Kind::jid,
                       .use = Use::required,
                       .help = "an account, or a domain: those of all accounts there"},
                      {.name = "older_than",
                       .help = "only files older than this, such as 90d or 12h"}},
        .questions = {{"older_than",
                       "Remove files older than {older_than} that {jid} has uploaded, for good?"},
                      {"", "Remove all files that {jid} has uploaded, for good?"}},
        .run = purge};
}

core::AdminCommand stats_command() {
    using enum core::ColumnKind;
    return {.name = "upload stats",
            .help = "files that were uploaded, by directory, and what is free on its disk",
            .columns = {{"directory", "directory"},
                        {"accounts", "accounts", number},
                        {"files", "files", number},
                        {"bytes", "bytes", number},
                        {"free", "free", number}},
            .none = "no directories",
            .run = stats};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "upload",
        .help = "files that users have uploaded",
        .commands = {list_command(), purge_command(), stats_command()}};
    return area;
}

}  // namespace clarion::http_upload
