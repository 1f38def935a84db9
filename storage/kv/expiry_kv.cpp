#include "storage/kv/expiry_kv.h"

#include <algorithm>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/kv_batch.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// Entries are too many up to this ordinal, and too much if all up to them has less than these bytes;
/// 0: none is.
struct Surplus {
    std::uint64_t ordinal = 0, bytes = 0;
};

std::uint64_t beyond(std::uint64_t total, std::uint64_t most) {
    return most != 0 && total > most ? total - most : 0;
}

Surplus surplus_of(Snapshot& snapshot, const KeyRange& range, const Keep& keep) {
    const auto cursor = snapshot.cursor(Table::archive);
    if ((keep.newest == 0 && keep.bytes == 0) || !cursor->seek_before(range.to)) return {};
    const Entry entry = cursor->entry();
    if (entry.key < range.from.view()) return {};
    const auto last = decoded(decode_archive_index(entry.value));
    return {beyond(last.ordinal, keep.newest), beyond(last.bytes, keep.bytes)};
}

/// Whether entries are too old to stay.
class Age {
public:
    Age(Snapshot& snapshot, OwnerId owner, const Keep& keep)
        : snapshot_(snapshot), owner_(owner), keep_(keep) {}

    bool is_old(ArchiveId id, WallTime time) {
        if (time <= keep_.now || keep_.since > keep_.now)
            return std::min(time, keep_.now) < keep_.since;
        if (static_cast<std::uint64_t>(id) >= future_end_) look_behind(id);
        return future_is_old_;
    }

private:
    /// The future ends where a step of the clock leads back from it.
    void look_behind(ArchiveId id) {
        future_end_ = UINT64_MAX;
        future_is_old_ = false;
        for_range(snapshot_, Table::owners, after(archive_step_key(owner_, id)),
                  archive_step_range(owner_).to, [this](const Entry& entry) {
                      const auto step = decoded(decode_archive_step(entry.value));
                      if (step.to > keep_.now) return true;
                      future_end_ = key_u64(entry.key, 9);
                      future_is_old_ = step.to < keep_.since;
                      return false;
                  });
    }

    Snapshot& snapshot_;
    const OwnerId owner_;
    const Keep& keep_;
    std::uint64_t future_end_ = 0;
    bool future_is_old_ = false;
};

ArchiveId last_step(Snapshot& snapshot, OwnerId owner, ArchiveId last) {
    const auto cursor = snapshot.cursor(Table::owners);
    const KeyRange steps = archive_step_range(owner);
    if (!cursor->seek_before(after(archive_step_key(owner, last)))) return ArchiveId::none;
    const Entry entry = cursor->entry();
    return entry.key < steps.from.view() ? ArchiveId::none : ArchiveId{key_u64(entry.key, 9)};
}

/// Ends at the first entry that may stay, even if the clock was set back and older ones follow: an
/// archive loses its old end only, never something in its middle.
ExpiredEntries find_expired(Snapshot& snapshot, OwnerId owner, const Keep& keep,
                            std::size_t limit) {
    ExpiredEntries expired;
    ArchiveIndexRecord last;
    std::size_t looked_at = 0;
    bool ended = false;
    const KeyRange range = owner_range(owner);
    const Surplus surplus = surplus_of(snapshot, range, keep);
    Age age(snapshot, owner, keep);
    for_range(snapshot, Table::archive, range.from, range.to, [&](const Entry& entry) {
        const auto record = decoded(decode_archive_index(entry.value));
        const ArchiveId id{key_u64(entry.key, 8)};
        const bool too_much = record.bytes < surplus.bytes;
        const bool stays =
            !too_much && record.ordinal > surplus.ordinal && !age.is_old(id, record.time);
        expired.more = looked_at == limit && !stays;
        ended = looked_at == limit || stays;
        if (ended) return false;
        ++looked_at;
        expired.last = id;
        last = record;
        if (record.log_id == LogId::none) return true;
        expired.logs.push_back(record.log_id);
        expired.too_large = expired.too_large || too_much;
        return true;
    });
    expired.count = expired.logs.size();
    if (looked_at > 0) expired.last_step = last_step(snapshot, owner, expired.last);
    if (!ended && looked_at > 0)
        expired.newest = ExpiredEntries::Newest{last.time, last.ordinal, last.bytes};
    // Only the one that must stay is left, and it is empty already.
    if (expired.newest && looked_at == 1 && expired.logs.empty()) return {};
    return expired;
}

}  // namespace

Task<Result<ExpiredEntries>> ExpiryKv::find(OwnerId owner, Keep keep, std::size_t limit) {
    co_return read_snapshot(
        engine_, [&](Snapshot& snapshot) { return find_expired(snapshot, owner, keep, limit); });
}

void ExpiryKv::remove(Batch& batch, OwnerId owner, const ExpiredEntries& entries) {
    if (entries.last == ArchiveId::none) return;
    auto& out = static_cast<KvBatch&>(batch);
    const Key last = archive_key(owner, entries.last);
    for (const LogId log : entries.logs) out.put(Table::unreferenced, log_key(log), encode_empty());
    out.erase_range(Table::archive, {owner_range(owner).from, entries.newest ? last : after(last)});
    if (entries.last_step != ArchiveId::none)
        out.erase_range(Table::owners, {archive_step_range(owner).from,
                                        archive_step_key(owner, entries.last_step)});
    if (!entries.newest) return;
    out.put_if_there(Table::archive, last,
                     encode(ArchiveIndexRecord{.time = entries.newest->time,
                                               .ordinal = entries.newest->ordinal,
                                               .bytes = entries.newest->bytes}));
}

}  // namespace clarion::storage
