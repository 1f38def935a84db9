#include "storage/kv/owners_kv.h"

#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/module_data_kv.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

std::optional<std::string> read_address(Snapshot& snapshot, OwnerId id) {
    if (const auto account = snapshot.get(Table::owners, owner_key(id, OwnerEntry::record)))
        return decoded(decode_account(id, *account)).jid;
    if (const auto actor = snapshot.get(Table::owners, owner_key(id, OwnerEntry::actor)))
        return decoded(decode_address(*actor));
    return std::nullopt;
}

OwnerSnapshot read_actor(Snapshot& snapshot, OwnerId id, std::string address) {
    OwnerSnapshot actor{.owner = {id, OwnerKind::actor, std::move(address)}};
    actor.last_archive_id = ArchiveId{last_number(snapshot, Table::archive, id)};
    for_range(snapshot, Table::owners, owner_key(id, OwnerEntry::module_data),
              owner_key(id, OwnerEntry::deadline), [&](const Entry& entry) {
                  add_resident(actor.resident, entry);
                  return true;
              });
    return actor;
}

std::vector<std::string> list_names(Snapshot& snapshot, const KeyRange& range, const Key& start,
                                    std::size_t limit) {
    std::vector<std::string> names;
    for_range(snapshot, Table::names, start, range.to, [&](const Entry& entry) {
        if (names.size() == limit) return false;
        names.push_back(decoded(decode_name(entry.value)).address);
        return true;
    });
    return names;
}

/// What is kept by owner, and little: erased in the batch that removes the owner.
constexpr Table small_tables[] = {Table::owners, Table::offline, Table::queues};
/// The same, by partition and owner.
constexpr Table small_partitioned_tables[] = {Table::online, Table::pending_publishes};

}  // namespace

OwnerId find_owner(Snapshot& snapshot, OwnerKind kind, std::string_view address) {
    const auto stored = snapshot.get(Table::names, name_key(kind, address));
    if (!stored) return OwnerId::none;
    const NameRecord name = decoded(decode_name(*stored));
    return name.address == address ? name.id : OwnerId::none;
}

void put_name(KvBatch& batch, const Owner& owner) {
    batch.put_if_new(Table::names, name_key(owner.kind, owner.address),
                     encode(NameRecord{owner.id, owner.address}));
}

std::uint64_t last_number(Snapshot& snapshot, Table table, OwnerId id) {
    const KeyRange range = owner_range(id);
    const auto cursor = snapshot.cursor(table);
    if (!cursor->seek_before(range.to) || cursor->entry().key < range.from.view()) return 0;
    return key_u64(cursor->entry().key, 8);
}

Task<Result<std::optional<OwnerId>>> OwnersKv::find(OwnerKind kind, std::string address) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<OwnerId> {
        const OwnerId id = find_owner(snapshot, kind, address);
        return id == OwnerId::none ? std::nullopt : std::optional(id);
    });
}

Task<Result<std::optional<std::string>>> OwnersKv::address_of(OwnerId id) {
    co_return read_snapshot(engine_,
                            [&](Snapshot& snapshot) { return read_address(snapshot, id); });
}

Task<Result<std::optional<OwnerSnapshot>>> OwnersKv::load(std::string address) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<OwnerSnapshot> {
        const OwnerId id = find_owner(snapshot, OwnerKind::actor, address);
        if (id == OwnerId::none) return std::nullopt;
        return read_actor(snapshot, id, std::move(address));
    });
}

Task<Result<std::vector<std::string>>> OwnersKv::list(OwnerKind kind, std::string domain,
                                                      std::string after_this, std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        const KeyRange range = name_range(kind, domain);
        const Key start = after_this.empty() ? range.from : after(name_key(kind, after_this));
        return list_names(snapshot, range, start, limit);
    });
}

/// There may be millions of accounts, which are those that are not looked at.
Task<Result<std::uint64_t>> OwnersKv::count(OwnerKind kind) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        const std::uint64_t actors =
            count_range(snapshot, Table::names, name_range(OwnerKind::actor, {}));
        return kind == OwnerKind::actor ? actors : snapshot.entries(Table::names) - actors;
    });
}

OwnerId OwnersKv::next_id(std::string_view address) {
    const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
    return OwnerId{number << partition_bits | PartitionSet::index(partition_of(address))};
}

void OwnersKv::put(Batch& batch, const Owner& actor) {
    auto& out = static_cast<KvBatch&>(batch);
    put_name(out, actor);
    out.put(Table::owners, owner_key(actor.id, OwnerEntry::actor), encode_address(actor.address));
}

void OwnersKv::remove(Batch& batch, const Owner& owner) {
    auto& out = static_cast<KvBatch&>(batch);
    const KeyRange all = owner_range(owner.id);
    out.erase(Table::names, name_key(owner.kind, owner.address));
    out.erase_deadlines(owner_deadline_range(owner.id));
    for (const Table table : small_tables) out.erase_range(table, all);
    for (const Table table : small_partitioned_tables)
        out.erase_range(table, partitioned_range(owner.id));
    // The rest may be large: the writer clears it away between groups.
    out.put(Table::deleting, all.from, encode_empty());
}

}  // namespace clarion::storage
