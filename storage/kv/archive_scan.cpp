#include "storage/kv/archive_scan.h"

#include <algorithm>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"

namespace clarion::storage {
namespace {

std::uint64_t number(ArchiveId id) { return static_cast<std::uint64_t>(id); }

}  // namespace

ArchiveScan::ArchiveScan(ArchiveQuery query, Slice slice)
    : query_(std::move(query)), slice_(slice) {
    if (!query_.with.empty()) with_hash_ = jid_hash(query_.with);
    with_is_full_ = query_.with.find('/') != std::string::npos;
    message_id_ = message_id_hash(query_.message_id);
    backwards_ = query_.from_end || query_.rsm_before;
    std::sort(query_.ids.begin(), query_.ids.end());
    query_.ids.erase(std::unique(query_.ids.begin(), query_.ids.end()), query_.ids.end());
}

Result<> ArchiveScan::begin(Snapshot& snapshot) {
    if (!known_cursors(snapshot))
        return fail(error_code::item_not_found, "no such message in the archive");
    if (!known_ids(snapshot))
        return fail(error_code::item_not_found, "no such message in the archive");
    find_parts(snapshot);
    if (!query_.ids.empty())
        count_ = query_.ids.size();
    else if (message_id_ == 0 && query_.with.empty())
        count_all(snapshot);
    else if (message_id_ == 0 && query_.want_count)
        count_ = count_matching(snapshot);
    narrow_to_page();
    return {};
}

bool ArchiveScan::has(Snapshot& snapshot, ArchiveId id) const {
    return snapshot.get(Table::archive, archive_key(query_.owner, id)).has_value();
}

bool ArchiveScan::known_cursors(Snapshot& snapshot) const {
    const auto cursors = {query_.before_id, query_.after_id, query_.rsm_after, query_.rsm_before};
    return std::all_of(cursors.begin(), cursors.end(),
                       [&](const auto& id) { return !id || has(snapshot, *id); });
}

// Unlike a cursor, a message asked for by its id must still have its content.
bool ArchiveScan::known_ids(Snapshot& snapshot) const {
    return std::all_of(query_.ids.begin(), query_.ids.end(), [&](ArchiveId id) {
        const auto stored = snapshot.get(Table::archive, archive_key(query_.owner, id));
        if (!stored) return false;
        const LogId log_id = decoded(decode_archive_index(*stored)).log_id;
        return snapshot.get(Table::log, log_key(log_id)).has_value();
    });
}

void ArchiveScan::find_parts(Snapshot& snapshot) {
    parts_ = find_times(snapshot, query_.owner, query_.start, query_.end);
    IdRange form;
    for (const auto& bound : {query_.after_id, query_.behind})
        if (bound) form.first = std::max(form.first, number(*bound) + 1);
    if (query_.before_id) form.last = std::max<std::uint64_t>(number(*query_.before_id), 1) - 1;
    clip(form.first, form.last);
}

void ArchiveScan::clip(std::uint64_t first, std::uint64_t last) {
    for (IdRange& part : parts_) part = {std::max(part.first, first), std::min(part.last, last)};
    std::erase_if(parts_, [](const IdRange& part) { return part.empty(); });
}

void ArchiveScan::narrow_to_page() {
    IdRange page;
    if (query_.rsm_after) page.first = number(*query_.rsm_after) + 1;
    if (query_.rsm_before) page.last = std::max<std::uint64_t>(number(*query_.rsm_before), 1) - 1;
    clip(page.first, page.last);
    if (backwards_) std::reverse(query_.ids.begin(), query_.ids.end());
}

KeyRange ArchiveScan::keys(const IdRange& range) const {
    return {owner_number_key(query_.owner, range.first),
            owner_number_key(query_.owner, range.last + 1)};
}

/// Only the oldest entry of an archive can be an emptied one (it was the newest once, and what was
/// before it is gone). nullopt: there is none with a message.
std::optional<ArchiveScan::Stretch> ArchiveScan::stretch_of(Snapshot& snapshot,
                                                            const IdRange& range) const {
    const auto cursor = snapshot.cursor(Table::archive);
    const KeyRange wanted = keys(range);
    if (!cursor->seek(wanted.from) || cursor->entry().key >= wanted.to.view()) return std::nullopt;
    const auto first = decoded(decode_archive_index(cursor->entry().value));
    if (!cursor->seek_before(wanted.to)) return std::nullopt;
    const auto last = decoded(decode_archive_index(cursor->entry().value));
    const std::uint64_t begin = first.ordinal + (first.log_id == LogId::none ? 1 : 0);
    if (last.ordinal < begin) return std::nullopt;
    return Stretch{begin, last.ordinal - begin + 1};
}

/// By the ordinals at both ends: the same two seeks for any number of entries.
void ArchiveScan::count_all(Snapshot& snapshot) {
    count_ = 0;
    for (const IdRange& part : parts_) {
        const auto stretch = stretch_of(snapshot, part);
        if (!stretch) continue;
        *count_ += stretch->count;
        stretches_.push_back(*stretch);
    }
}

std::optional<std::uint64_t> ArchiveScan::count_matching(Snapshot& snapshot) const {
    std::uint64_t looked_at = 0, count = 0;
    ArchiveIndexRecord record;
    for (const IdRange& part : parts_) {
        const KeyRange range = keys(part);
        for_range(snapshot, Table::archive, range.from, range.to, [&](const Entry& entry) {
            if (matches(entry.value, record)) ++count;
            return ++looked_at <= max_counted;
        });
    }
    return looked_at <= max_counted ? std::optional(count) : std::nullopt;
}

bool ArchiveScan::matches(std::string_view index_value, ArchiveIndexRecord& record) const {
    if (!query_.with.empty() && !may_be_with(index_value, with_hash_, with_is_full_)) return false;
    record = decoded(decode_archive_index(index_value));
    if (message_id_ != 0 && record.message_id != message_id_ && record.origin_id != message_id_)
        return false;
    // What was written since the search began may lie outside its times.
    if (query_.start && record.time < *query_.start) return false;
    if (query_.end && record.time > *query_.end) return false;
    return record.log_id != LogId::none;  // expired, and the newest: kept for its id
}

bool ArchiveScan::step(Snapshot& snapshot) {
    looked_at_ = copied_ = 0;
    if (!query_.ids.empty()) return step_ids(snapshot);
    if (parts_.empty()) return true;
    return backwards_ ? step_backwards(snapshot) : step_forwards(snapshot);
}

bool ArchiveScan::step_forwards(Snapshot& snapshot) {
    IdRange& part = parts_.front();
    const auto cursor = snapshot.cursor(Table::archive);
    const KeyRange range = keys(part);
    bool found = cursor->seek(range.from);
    for (; found; found = cursor->next()) {
        const Entry entry = cursor->entry();
        if (entry.key >= range.to.view()) break;
        if (slice_is_over()) return false;
        part.first = key_u64(entry.key, 8) + 1;
        if (add(snapshot, entry)) return true;
    }
    parts_.erase(parts_.begin());
    return parts_.empty();
}

bool ArchiveScan::step_backwards(Snapshot& snapshot) {
    IdRange& part = parts_.back();
    const auto cursor = snapshot.cursor(Table::archive);
    const KeyRange range = keys(part);
    bool found = cursor->seek_before(range.to);
    for (; found; found = cursor->previous()) {
        const Entry entry = cursor->entry();
        if (entry.key < range.from.view()) break;
        if (slice_is_over()) return false;
        part.last = key_u64(entry.key, 8) - 1;
        if (add(snapshot, entry)) return true;
    }
    parts_.pop_back();
    return parts_.empty();
}

bool ArchiveScan::step_ids(Snapshot& snapshot) {
    for (; next_id_ < query_.ids.size(); ++next_id_) {
        if (slice_is_over()) return false;
        const ArchiveId id = query_.ids[next_id_];
        if (std::none_of(parts_.begin(), parts_.end(),
                         [&](const IdRange& part) { return part.contains(number(id)); }))
            continue;
        const Key key = archive_key(query_.owner, id);
        const auto stored = snapshot.get(Table::archive, key);
        if (stored && add(snapshot, {key, *stored})) return true;
    }
    return true;
}

/// Asked before each entry.
bool ArchiveScan::slice_is_over() {
    return looked_at_++ == slice_.entries || copied_ >= slice_.bytes;
}

bool ArchiveScan::is_full(std::size_t next_size) const {
    if (found_.size() == query_.limit) return true;
    return query_.max_bytes != 0 && !found_.empty() && found_bytes_ + next_size > query_.max_bytes;
}

/// Takes the entry into the page if it belongs there. True: the page was full already, or the search
/// is deep enough.
bool ArchiveScan::add(Snapshot& snapshot, const Entry& entry) {
    if (query_.depth != 0 && depth_++ == query_.depth) {
        complete_ = false;
        return true;
    }
    ArchiveIndexRecord record;
    if (!matches(entry.value, record)) return false;
    const auto stored = snapshot.get(Table::log, log_key(record.log_id));
    if (!stored) return false;  // expired
    const std::string_view xml = decoded(decode_log(*stored)).xml;
    if (is_full(xml.size())) {
        complete_ = false;
        return true;
    }
    if (found_.empty()) near_ordinal_ = record.ordinal;
    far_ordinal_ = record.ordinal;
    found_bytes_ += xml.size();
    copied_ += xml.size();
    found_.push_back({.id = ArchiveId{key_u64(entry.key, 8)},
                      .log_id = record.log_id,
                      .time = record.time,
                      .ordinal = record.ordinal,
                      .xml = std::string(xml)});
    return false;
}

std::optional<std::uint64_t> ArchiveScan::first_index() const {
    if (found_.empty()) return std::nullopt;
    const std::uint64_t first = backwards_ ? far_ordinal_ : near_ordinal_;
    std::uint64_t before = 0;
    for (const Stretch& stretch : stretches_) {
        if (first < stretch.first_ordinal + stretch.count)
            return before + first - stretch.first_ordinal;
        before += stretch.count;
    }
    return std::nullopt;
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
