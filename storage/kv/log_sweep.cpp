#include "storage/kv/log_sweep.h"

#include <algorithm>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {

Result<SweepStep> LogSweep::look() {
    return read_snapshot(engine_, [this](Snapshot& snapshot) { return look_at(snapshot); });
}

SweepStep LogSweep::look_at(Snapshot& snapshot) {
    switch (stage_) {
        case Stage::collect: return collect(snapshot);
        case Stage::offline: return mark_some(snapshot, Table::offline, Stage::queues);
        case Stage::queues: return mark_some(snapshot, Table::queues, Stage::archive);
        case Stage::archive: return mark_some(snapshot, Table::archive, Stage::erase);
        case Stage::watch:
        case Stage::erase: return SweepStep::write;
        case Stage::done: break;
    }
    return SweepStep::done;
}

SweepStep LogSweep::collect(Snapshot& snapshot) {
    const auto cursor = snapshot.cursor(Table::unreferenced);
    std::size_t looked_at = 0;
    bool found = cursor->seek(unreferenced_position_);
    for (; found && candidates_.size() < max_candidates_; found = cursor->next()) {
        const std::string_view key = cursor->entry().key;
        unreferenced_position_ = key;
        if (looked_at++ == collect_slice) return SweepStep::look;
        if (is_old(snapshot, key)) candidates_.push_back(key_u64(key, 0));
    }
    unreferenced_end_ = !found;
    if (found) unreferenced_position_ = cursor->entry().key;
    stage_ = candidates_.empty() ? Stage::done : Stage::watch;
    return candidates_.empty() ? SweepStep::done : SweepStep::write;
}

/// A log entry that is gone already is old: then only the note about it is left to erase.
bool LogSweep::is_old(Snapshot& snapshot, std::string_view log_key) const {
    const auto stored = snapshot.get(Table::log, log_key);
    return !stored || decoded(decode_log(*stored)).time < before_;
}

SweepStep LogSweep::mark_some(Snapshot& snapshot, Table table, Stage next) {
    const auto cursor = snapshot.cursor(table);
    std::size_t looked_at = 0;
    for (bool found = cursor->seek(position_); found; found = cursor->next()) {
        const auto [key, value] = cursor->entry();
        position_ = key;
        if (looked_at++ == mark_slice) return SweepStep::look;
        if (table == Table::archive)
            mark(decoded(decode_archive_index(value)).log_id, Mark::indexed);
        else
            mark(decoded(decode_kept_stanza(value)).meta.log_id, Mark::kept);
    }
    position_.clear();
    stage_ = next;
    return next == Stage::erase ? SweepStep::write : SweepStep::look;
}

void LogSweep::mark(LogId log, Mark mark) {
    const auto id = static_cast<std::uint64_t>(log);
    if (id < candidates_.front() || id > candidates_.back()) return;  // almost all: newer
    const auto found = std::lower_bound(candidates_.begin(), candidates_.end(), id);
    if (*found != id) return;
    Mark& marked = marks_[static_cast<std::size_t>(found - candidates_.begin())];
    marked = std::max(marked, mark);
}

void LogSweep::write(Batch& batch) {
    auto& out = static_cast<KvBatch&>(batch);
    if (stage_ == Stage::erase) return erase_some(out);
    out.watch(number_, LogId{candidates_.front()}, LogId{candidates_.back()});
    marks_.assign(candidates_.size(), Mark::none);
    stage_ = Stage::offline;
}

void LogSweep::erase_some(KvBatch& batch) {
    const std::size_t end = std::min(next_ + erase_slice, candidates_.size());
    for (; next_ < end; ++next_) {
        if (marks_[next_] == Mark::kept) continue;
        const Key key = log_key(LogId{candidates_[next_]});
        if (marks_[next_] == Mark::none) {
            batch.erase_watched(number_, Table::log, key);
            ++erased_;
        }
        batch.erase_watched(number_, Table::unreferenced, key);
    }
    if (next_ < candidates_.size()) return;
    batch.unwatch(number_);
    candidates_.clear();
    next_ = 0;
    stage_ = unreferenced_end_ ? Stage::done : Stage::collect;
}

}  // namespace clarion::storage
