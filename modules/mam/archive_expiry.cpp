#include "modules/mam/archive_expiry.h"

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "modules/mam/mam.h"
#include "modules/mam/patient_calendar.h"
#include "server/core/address/domains.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::mam {
namespace {

constexpr Logger logger{"mam"};

/// Whose archives.
struct ArchiveOwners {
    storage::OwnerKind kind;
    std::string domain;
};

constexpr std::size_t names_at_once = 20;
constexpr std::size_t entries_at_once = 1000;

Counter& expired_messages() {
    static Counter& counter =
        metrics().counter("clarion_archive_messages_expired_total",
                          "Messages removed from archives for their age, number or size");
    return counter;
}

Counter& erased_stanzas() {
    static Counter& counter =
        metrics().counter("clarion_log_stanzas_erased_total",
                          "Stored stanzas erased because nothing referred to them any more");
    return counter;
}

bool is_here(const core::Context& context, storage::OwnerId id) {
    return context.partitions().contains(storage::partition_of(id));
}

/// Finding and removing happen in one turn, so nothing of this shard comes in between.
Task<Result<storage::ExpiredEntries>> expire_slice(core::Context& context, storage::OwnerId id,
                                                   storage::Keep keep) {
    auto expired = co_await context.storage().expiry().find(id, keep, entries_at_once);
    if (!expired) co_return expired.error();
    if (!is_here(context, id)) co_return fail(error_code::moved, "it lives elsewhere");
    if (expired->last == storage::ArchiveId::none) co_return expired;
    context.storage().expiry().remove(context.shard().batch(), id, *expired);
    const auto done = co_await context.shard().committed();
    if (!done) co_return done.error();
    expired_messages().add(expired->count);
    co_return expired;
}

/// One run over the archives of a domain.
struct Pass {
    std::uint64_t messages = 0;  // that went
    LargeArchives& large;
};

void add(LargeArchives& large, const std::string& address) {
    if (large.count++ == 0) large.example = address;
}

/// The accounts of a host, or the actors of a service, that live here, after `after`; false: there
/// are no more.
Task<Result<bool>> expire_some(core::Context& context, ArchiveOwners owners, storage::Keep keep,
                               std::string& after, Pass& pass) {
    const auto names =
        co_await context.storage().owners().list(owners.kind, owners.domain, after, names_at_once);
    if (!names) co_return names.error();
    if (names->empty()) co_return false;
    after = names->back();
    for (const std::string& name : *names) {
        if (!context.partitions().contains(partition_of(name))) continue;
        Expired expired;
        const auto done = co_await expire_archive(context, owners.kind, name, keep, expired);
        pass.messages += expired.messages;
        if (expired.too_large) add(pass.large, name);
        if (!done && !done.error().is(error_code::moved))  // its next home goes on
            co_return done.error();
    }
    co_return true;
}

/// nullopt: everything.
std::optional<storage::Keep> what_is_kept(const core::Context& context, const std::string& domain,
                                          WallTime now) {
    const auto& options = context.options<MamOptions>(domain);
    if (!options.expire_after && options.max_messages == 0 && options.max_bytes == 0)
        return std::nullopt;
    storage::Keep keep;
    keep.now = now;
    if (options.expire_after) keep.since = now - *options.expire_after;
    keep.newest = static_cast<std::uint64_t>(options.max_messages);
    keep.bytes = static_cast<std::uint64_t>(options.max_bytes);
    return keep;
}

Task<> expire_domain(core::Context& context, ArchiveOwners owners, WallTime now,
                     LargeArchives& large) {
    std::string after;
    Pass pass{.messages = 0, .large = large};
    while (!context.stopping()) {
        const auto keep = what_is_kept(context, owners.domain, now);
        if (!keep) break;
        const auto more = co_await expire_some(context, owners, *keep, after, pass);
        if (!more)
            logger.error("expiry-failed",
                         {{"domain", owners.domain}, {"error", more.error().text}});
        if (!more || !*more) break;
        co_await context.shard().sleep(slice_pause);
    }
    if (pass.messages > 0)
        logger.info("expired", {{"domain", owners.domain}, {"messages", pass.messages}});
}

std::vector<ArchiveOwners> all_archive_owners(const core::Context& context) {
    std::vector<ArchiveOwners> all;
    for (const std::string& host : context.domains().hosts())
        all.push_back({storage::OwnerKind::account, host});
    for (const core::ServiceDomain& service : context.domains().services())
        if (service.archives) all.push_back({storage::OwnerKind::actor, service.domain});
    return all;
}

Task<> sweep_once(core::Context& context, WallTime now) {
    std::uint64_t erased = 0;
    for (bool more = true; more && !context.stopping();) {
        Result<storage::Maintenance> done = fail("internal-server-error");
        co_await context.shard().offload(
            [&] { done = context.storage().maintain({.before = now - log_min_age}); });
        if (!done) logger.error("sweep-failed", {{"error", done.error().text}});
        if (!done) break;
        erased += done->erased;
        erased_stanzas().add(done->erased);
        more = done->more;
        if (more) co_await context.shard().sleep(slice_pause);
    }
    if (erased > 0) logger.info("log-swept", {{"erased", erased}});
}

}  // namespace

Task<Result<>> expire_archive(core::Context& context, storage::OwnerKind kind, std::string address,
                              storage::Keep keep, Expired& expired) {
    const auto found = co_await context.storage().owners().find(kind, std::move(address));
    if (!found) co_return found.error();
    // By its id: another owner may have the address before this one is through.
    const auto id = found->value_or(storage::OwnerId::none);
    while (id != storage::OwnerId::none) {
        const auto slice = co_await expire_slice(context, id, keep);
        if (!slice) co_return slice.error();
        expired.messages += slice->count;
        expired.too_large = expired.too_large || slice->too_large;
        if (!slice->more || context.stopping()) break;
        co_await context.shard().sleep(slice_pause);
    }
    co_return Result<>{};
}

Task<> expire_archives(core::Context& context, std::shared_ptr<LargeArchives> large) {
    PatientCalendar calendar(context.clock());
    co_await context.shard().sleep(first_expiry);
    while (!context.stopping()) {
        const WallTime now = calendar.now();
        LargeArchives found;
        for (ArchiveOwners& owners : all_archive_owners(context))
            co_await expire_domain(context, std::move(owners), now, found);
        if (found.count > 0)
            logger.warning("archives-large",
                           {{"archives", found.count}, {"example", found.example}});
        *large = std::move(found);
        co_await context.shard().sleep(expiry_interval);
    }
}

Task<> sweep_log(core::Context& context) {
    PatientCalendar calendar(context.clock());
    co_await context.shard().sleep(first_sweep);
    while (!context.stopping()) {
        co_await sweep_once(context, calendar.now());
        co_await context.shard().sleep(sweep_interval);
    }
}

}  // namespace clarion::mam
