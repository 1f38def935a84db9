#include "modules/http_upload/sweep.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::http_upload {

namespace {

using core::Context;

constexpr Logger logger{"http-upload"};
constexpr Duration slice_pause = std::chrono::milliseconds(20);

/// Whose files are looked at.
struct Owner {
    storage::OwnerId id;
    std::string account;
};

/// Of one account.
struct Known {
    std::set<std::string> ids;
    std::vector<std::string> over;  // keys of those that are to go
};

Task<Result<Known>> read_known(Uploads& self, const Owner& owner) {
    const std::string_view host =
        std::string_view(owner.account).substr(owner.account.find('@') + 1);
    const UploadOptions options = self.options(self.domain_for(host));
    const Clock& clock = self.context().clock();
    Known known;
    std::string after;
    for (;;) {
        const auto page = co_await self.ledger().files(owner.id, after);
        if (!page) co_return page.error();
        for (const storage::DataEntry& entry : page->entries) {
            const auto key = parse_file_key(entry.key);
            const auto file = decode_file(entry.value);
            if (!key) continue;
            known.ids.insert(key->id);
            if (file && is_over(*file, key->since, options, clock.lasting(), clock.wall()))
                known.over.push_back(entry.key);
        }
        if (page->complete) co_return known;
        after = page->entries.back().key;
    }
}

/// A file of which its account does not know. It stays locked while this is there.
struct Stray {
    std::string id;
    FileDescriptor lock;
};

Task<std::vector<Stray>> lock_strays(Uploads& self, const FileStore& store, const Owner& owner,
                                     const std::set<std::string>& known) {
    std::vector<Stray> strays;
    co_await self.context().shard().offload([&] {
        for (std::string& id : store.ids(owner.id)) {
            if (known.contains(id)) continue;
            FileDescriptor lock = store.lock(owner.id, id);
            if (lock) strays.push_back({std::move(id), std::move(lock)});
        }
    });
    co_return strays;
}

/// An upload that no process goes on with. What its account was told meanwhile counts.
Task<Result<>> remove_strays(Uploads& self, const FileStore& store, const Owner& owner,
                             std::vector<Stray> strays) {
    const auto known = co_await read_known(self, owner);
    if (!known) co_return known.error();
    std::erase_if(strays, [&](const Stray& stray) { return known->ids.contains(stray.id); });
    if (strays.empty()) co_return Result<>{};
    co_await self.context().shard().offload([&] {
        for (const Stray& stray : strays) store.remove(owner.id, stray.id);
    });
    logger.info("unfinished-removed", {{"account", owner.account}, {"files", strays.size()}});
    auto pin = co_await self.context().accounts().load(owner.account);
    if (!pin) co_return pin.error();
    const std::string host((*pin)->host());
    for (const Stray& stray : strays)
        self.ledger().release(**pin, stray.id, self.options(self.domain_for(host)));
    co_return Result<>{};
}

Task<Result<>> look_after(Uploads& self, const FileStore& store, const Owner& owner) {
    const auto known = co_await read_known(self, owner);
    if (!known) co_return known.error();
    std::uint64_t removed = 0;
    for (const std::string& key : known->over) {
        const auto gone = co_await self.remove(owner.account, key);
        if (!gone) co_return gone.error();
        removed += *gone ? 1 : 0;
        co_await self.context().shard().sleep(std::chrono::milliseconds(1));
    }
    if (removed > 0) logger.info("expired", {{"account", owner.account}, {"files", removed}});
    auto strays = co_await lock_strays(self, store, owner, known->ids);
    if (strays.empty()) co_return Result<>{};
    co_return co_await remove_strays(self, store, owner, std::move(strays));
}

Task<Result<>> sweep_owner(Uploads& self, const FileStore& store, storage::OwnerId id) {
    Context& context = self.context();
    const auto address = co_await context.storage().owners().address_of(id);
    if (!address) co_return address.error();
    if (!*address) {
        co_await context.shard().offload([&] { store.remove_all(id); });
        logger.info("removed-with-account", {{"owner", static_cast<std::uint64_t>(id)}});
        co_return Result<>{};
    }
    if (!context.is_home(**address)) co_return Result<>{};  // it has moved meanwhile
    const Owner owner{id, **address};
    co_return co_await look_after(self, store, owner);
}

}  // namespace

Task<> sweep_once(Uploads& self) {
    Context& context = self.context();
    const auto stores = self.stores();
    for (const auto& store : stores) {
        std::vector<storage::OwnerId> owners;
        const PartitionSet partitions = context.partitions();
        co_await context.shard().offload([&] { owners = store->owners(partitions); });
        for (const storage::OwnerId owner : owners) {
            if (context.stopping()) co_return;
            const auto done = co_await sweep_owner(self, *store, owner);
            if (!done && !done.error().is(error_code::moved))
                logger.error("sweep-failed", {{"owner", static_cast<std::uint64_t>(owner)},
                                              {"error", done.error().text}});
            co_await context.shard().sleep(slice_pause);
        }
    }
}

Task<> sweep(Uploads& self) {
    while (!self.context().stopping()) {
        co_await sweep_once(self);
        co_await self.context().shard().sleep(sweep_interval);
    }
}

}  // namespace clarion::http_upload
