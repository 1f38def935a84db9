#include "storage/kv/archive_scan.h"

#include <algorithm>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"

namespace clarion::storage {
namespace {

std::uint64_t number(ArchiveId id) { return static_cast<std::uint64_t>(id); }

std::int64_t microseconds(WallTime time) { return time.time_since_epoch().count(); }

/// The archive entries of a range of keys that have a message.
struct Stretch {
    std::uint64_t first_ordinal = 0;  // 0: there is none
    std::uint64_t count = 0;
};

/// Only the oldest entry of an archive can be an emptied one (it was the newest once, and what was
/// before it is gone).
Stretch find_ends(Snapshot& snapshot, const KeyRange& range) {
    const auto cursor = snapshot.cursor(Table::archive);
    if (range.from.view() >= range.to.view() || !cursor->seek(range.from) ||
        cursor->entry().key >= range.to.view())
        return {};
    const auto first = decoded(decode_archive_index(cursor->entry().value));
    if (!cursor->seek_before(range.to)) return {};
    const auto last = decoded(decode_archive_index(cursor->entry().value));
    const std::uint64_t begin = first.ordinal + (first.log_id == LogId::none ? 1 : 0);
    return last.ordinal < begin ? Stretch{} : Stretch{begin, last.ordinal - begin + 1};
}

}  // namespace

ArchiveScan::ArchiveScan(ArchiveQuery query, std::size_t slice)
    : query_(std::move(query)), slice_(slice) {
    if (!query_.with.empty()) with_hash_ = jid_hash(query_.with);
    with_is_full_ = query_.with.find('/') != std::string::npos;
    backwards_ = query_.from_end || query_.rsm_before;
    // An archive id is its time in microseconds, wherever the clock allows.
    if (query_.start) {
        first_ = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds(*query_.start), 0));
    }
    if (query_.end) {
        last_ = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds(*query_.end), 0));
    }
    if (query_.after_id) first_ = std::max(first_, number(*query_.after_id) + 1);
    if (query_.before_id)
        last_ = std::min(last_, std::max<std::uint64_t>(number(*query_.before_id), 1) - 1);
    std::sort(query_.ids.begin(), query_.ids.end());
    query_.ids.erase(std::unique(query_.ids.begin(), query_.ids.end()), query_.ids.end());
}

Result<> ArchiveScan::begin(Snapshot& snapshot) {
    if (!known_cursors(snapshot)) return fail("item-not-found", "no such message in the archive");
    if (!known_ids(snapshot)) return fail("item-not-found", "no such message in the archive");
    if (!query_.ids.empty())
        count_ = query_.ids.size();
    else if (query_.with.empty())
        count_all(snapshot);
    else if (query_.want_count)
        count_ = count_matching(snapshot);
    narrow_to_page();
    return {};
}

bool ArchiveScan::has(Snapshot& snapshot, ArchiveId id) const {
    return snapshot.get(Table::archive, archive_key(query_.account, id)).has_value();
}

bool ArchiveScan::known_cursors(Snapshot& snapshot) const {
    const auto cursors = {query_.before_id, query_.after_id, query_.rsm_after, query_.rsm_before};
    return std::all_of(cursors.begin(), cursors.end(),
                       [&](const auto& id) { return !id || has(snapshot, *id); });
}

// Unlike a cursor, a message asked for by its id must still have its content.
bool ArchiveScan::known_ids(Snapshot& snapshot) const {
    return std::all_of(query_.ids.begin(), query_.ids.end(), [&](ArchiveId id) {
        const auto stored = snapshot.get(Table::archive, archive_key(query_.account, id));
        if (!stored) return false;
        const LogId log_id = decoded(decode_archive_index(*stored)).log_id;
        return snapshot.get(Table::log, log_key(log_id)).has_value();
    });
}

void ArchiveScan::narrow_to_page() {
    if (query_.rsm_after) first_ = std::max(first_, number(*query_.rsm_after) + 1);
    if (query_.rsm_before) last_ = std::min(last_, number(*query_.rsm_before) - 1);
    if (backwards_) std::reverse(query_.ids.begin(), query_.ids.end());
}

/// By the ordinals at both ends: the same two seeks for any number of entries.
void ArchiveScan::count_all(Snapshot& snapshot) {
    const auto ends = find_ends(snapshot, {account_number_key(query_.account, first_),
                                           account_number_key(query_.account, last_ + 1)});
    count_ = ends.count;
    first_ordinal_ = ends.first_ordinal;
}

std::optional<std::uint64_t> ArchiveScan::count_matching(Snapshot& snapshot) const {
    std::uint64_t looked_at = 0, count = 0;
    ArchiveIndexRecord record;
    for_range(snapshot, Table::archive, account_number_key(query_.account, first_),
              account_number_key(query_.account, last_ + 1), [&](const Entry& entry) {
                  if (matches(entry.value, record)) ++count;
                  return ++looked_at <= max_counted;
              });
    return looked_at <= max_counted ? std::optional(count) : std::nullopt;
}

bool ArchiveScan::matches(std::string_view index_value, ArchiveIndexRecord& record) const {
    if (!query_.with.empty() && !may_be_with(index_value, with_hash_, with_is_full_)) return false;
    record = decoded(decode_archive_index(index_value));
    return record.log_id != LogId::none;  // expired, and the newest: kept for its id
}

bool ArchiveScan::step(Snapshot& snapshot) {
    if (!query_.ids.empty()) return step_ids(snapshot);
    return backwards_ ? step_backwards(snapshot) : step_forwards(snapshot);
}

bool ArchiveScan::step_forwards(Snapshot& snapshot) {
    const auto cursor = snapshot.cursor(Table::archive);
    const Key end = account_number_key(query_.account, last_ + 1);
    bool found = cursor->seek(account_number_key(query_.account, first_));
    for (std::size_t looked_at = 0; found; found = cursor->next()) {
        const Entry entry = cursor->entry();
        if (entry.key >= end.view()) return true;
        if (looked_at++ == slice_) return false;
        first_ = key_u64(entry.key, 8) + 1;
        if (add(snapshot, entry)) return true;
    }
    return true;
}

bool ArchiveScan::step_backwards(Snapshot& snapshot) {
    const auto cursor = snapshot.cursor(Table::archive);
    const Key begin = account_number_key(query_.account, first_);
    bool found = cursor->seek_before(account_number_key(query_.account, last_ + 1));
    for (std::size_t looked_at = 0; found; found = cursor->previous()) {
        const Entry entry = cursor->entry();
        if (entry.key < begin.view()) return true;
        if (looked_at++ == slice_) return false;
        last_ = key_u64(entry.key, 8) - 1;
        if (add(snapshot, entry)) return true;
    }
    return true;
}

bool ArchiveScan::step_ids(Snapshot& snapshot) {
    for (const ArchiveId id : query_.ids) {
        if (number(id) < first_ || number(id) > last_) continue;
        const Key key = archive_key(query_.account, id);
        const auto stored = snapshot.get(Table::archive, key);
        if (stored && add(snapshot, {key, *stored})) return true;
    }
    return true;
}

/// Takes the entry into the page if it belongs there. True: the page was full already.
bool ArchiveScan::add(Snapshot& snapshot, const Entry& entry) {
    ArchiveIndexRecord record;
    if (!matches(entry.value, record)) return false;
    const auto stored = snapshot.get(Table::log, log_key(record.log_id));
    if (!stored) return false;  // expired
    if (found_.size() == query_.limit) {
        complete_ = false;
        return true;
    }
    if (found_.empty()) near_ordinal_ = record.ordinal;
    far_ordinal_ = record.ordinal;
    found_.push_back({.id = ArchiveId{key_u64(entry.key, 8)},
                      .log_id = record.log_id,
                      .time = record.time,
                      .ordinal = record.ordinal,
                      .xml = std::string(decoded(decode_log(*stored)).xml)});
    return false;
}

std::optional<std::uint64_t> ArchiveScan::first_index() const {
    if (first_ordinal_ == 0 || found_.empty()) return std::nullopt;
    return (backwards_ ? far_ordinal_ : near_ordinal_) - first_ordinal_;
}

ArchivePage ArchiveScan::take_page() {
    const auto index = first_index();
    if (backwards_) std::reverse(found_.begin(), found_.end());
    return {.messages = std::move(found_),
            .complete = complete_,
            .count = count_,
            .first_index = index};
}

}  // namespace clarion::storage
