#include "modules/mam/archive_expiry.h"

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "modules/mam/mam.h"
#include "modules/mam/patient_calendar.h"

namespace clarion::mam {
namespace {

constexpr Logger logger{"mam"};

constexpr std::size_t names_at_once = 50;
constexpr std::size_t entries_at_once = 1000;

Counter& expired_messages() {
    static Counter& counter =
        metrics().counter("clarion_archive_messages_expired_total",
                          "Messages removed from archives for their age or number");
    return counter;
}

Counter& erased_stanzas() {
    static Counter& counter =
        metrics().counter("clarion_log_stanzas_erased_total",
                          "Stored stanzas erased because nothing referred to them any more");
    return counter;
}

/// Finding and removing happen in one turn, so nothing of this shard comes in between.
Task<Result<storage::ExpiredEntries>> expire_slice(core::Core& core, storage::AccountId id,
                                                   storage::Keep keep) {
    auto expired = co_await core.storage().expiry().find(id, keep, entries_at_once);
    if (!expired) co_return expired.error();
    if (expired->last == storage::ArchiveId::none) co_return expired;
    core.storage().expiry().remove(core.shard().batch(), id, *expired);
    const auto done = co_await core.shard().committed();
    if (!done) co_return done.error();
    expired_messages().add(expired->count);
    co_return expired;
}

/// The accounts of a host that live here, after `after`; false: there are no more.
Task<Result<bool>> expire_some(core::Core& core, std::string host, storage::Keep keep,
                               std::string& after, std::uint64_t& count) {
    const auto names = co_await core.storage().owners().list(storage::OwnerKind::account, host,
                                                             after, names_at_once);
    if (!names) co_return names.error();
    if (names->empty()) co_return false;
    after = names->back();
    for (const std::string& name : *names) {
        if (!core.is_home(name)) continue;
        const auto expired = co_await expire_account(core, name, keep);
        if (!expired) co_return expired.error();
        count += *expired;
    }
    co_return true;
}

/// nullopt: everything.
std::optional<storage::Keep> what_is_kept(const core::Core& core, const std::string& host,
                                          WallTime now) {
    const auto& options = core.options<MamOptions>(host);
    if (!options.expire_after && options.max_messages == 0) return std::nullopt;
    storage::Keep keep;
    keep.now = now;
    if (options.expire_after) keep.since = now - *options.expire_after;
    keep.newest = static_cast<std::uint64_t>(options.max_messages);
    return keep;
}

Task<> expire_host(core::Core& core, std::string host, WallTime now) {
    std::string after;
    std::uint64_t count = 0;
    while (!core.stopping()) {
        const auto keep = what_is_kept(core, host, now);
        if (!keep) break;
        const auto more = co_await expire_some(core, host, *keep, after, count);
        if (!more) logger.error("expiry-failed", {{"host", host}, {"error", more.error().text}});
        if (!more || !*more) break;
        co_await core.shard().sleep(slice_pause);
    }
    if (count > 0) logger.info("expired", {{"host", host}, {"messages", count}});
}

Task<> sweep_once(core::Core& core, WallTime now) {
    std::uint64_t erased = 0;
    for (bool more = true; more && !core.stopping();) {
        Result<storage::Maintenance> done = fail("internal-server-error");
        co_await core.shard().offload(
            [&] { done = core.storage().maintain({.before = now - log_min_age}); });
        if (!done) logger.error("sweep-failed", {{"error", done.error().text}});
        if (!done) break;
        erased += done->erased;
        erased_stanzas().add(done->erased);
        more = done->more;
        if (more) co_await core.shard().sleep(slice_pause);
    }
    if (erased > 0) logger.info("log-swept", {{"erased", erased}});
}

}  // namespace

Task<Result<std::uint64_t>> expire_account(core::Core& core, std::string jid, storage::Keep keep) {
    const auto record = co_await core.storage().accounts().find(std::move(jid));
    if (!record) co_return record.error();
    // By its id: another account may have the name before this one is through.
    const auto id = *record ? (*record)->id : storage::AccountId::none;
    std::uint64_t count = 0;
    while (id != storage::AccountId::none) {
        const auto slice = co_await expire_slice(core, id, keep);
        if (!slice) co_return slice.error();
        count += slice->count;
        if (!slice->more || core.stopping()) break;
        co_await core.shard().sleep(slice_pause);
    }
    co_return count;
}

Task<> expire_archives(core::Core& core) {
    PatientCalendar calendar(core.clock());
    co_await core.shard().sleep(first_expiry);
    while (!core.stopping()) {
        const WallTime now = calendar.now();
        for (const std::string& host : core.hosts().hosts()) co_await expire_host(core, host, now);
        co_await core.shard().sleep(expiry_interval);
    }
}

Task<> sweep_log(core::Core& core) {
    PatientCalendar calendar(core.clock());
    co_await core.shard().sleep(first_sweep);
    while (!core.stopping()) {
        co_await sweep_once(core, calendar.now());
        co_await core.shard().sleep(sweep_interval);
    }
}

}  // namespace clarion::mam
