#include "storage/kv/backup_stream.h"

#include <utility>

namespace clarion::storage {

bool BackupStream::wants_slice() const {
    return !over() && waiting_.load(std::memory_order_acquire) < limits_.buffered;
}

void BackupStream::put(std::string records) {
    if (over()) return;
    if (records.size() > max_backup_block)
        return fail(clarion::fail(error_code::resource_constraint,
                                  "something larger than a backup can hold was stored at once"));
    const std::size_t size = records.size();
    if (waiting_.fetch_add(size, std::memory_order_acq_rel) + size >
        limits_.buffered + limits_.changes)
        return fail(clarion::fail(error_code::resource_constraint,
                                  "more was written than the backup's disk could take meanwhile; "
                                  "try again when the server has less to do, or on a faster disk"));
    const std::lock_guard lock(mutex_);
    pieces_.push_back({BackupBlock::records, std::move(records), {}});
    changed_.notify_one();
}

void BackupStream::finish(BackupEnd end) {
    BackupSummary summary{.records = end.records};
    for (const std::uint64_t entries : end.entries) summary.entries += entries;
    const std::lock_guard lock(mutex_);
    pieces_.push_back({BackupBlock::end, encode(end), summary});
    over_.store(true, std::memory_order_release);
    changed_.notify_one();
}

void BackupStream::fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    over_.store(true, std::memory_order_release);
    changed_.notify_one();
}

Result<BackupStream::Piece> BackupStream::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_ || !pieces_.empty(); });
    if (error_) return *error_;
    Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    lock.unlock();
    const std::size_t size = piece.kind == BackupBlock::records ? piece.payload.size() : 0;
    const std::size_t before = waiting_.fetch_sub(size, std::memory_order_acq_rel);
    if (before >= limits_.buffered && before - size < limits_.buffered) room_();
    return piece;
}

}  // namespace clarion::storage
