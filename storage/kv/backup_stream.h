// BackupStream: what a backup consists of, on its way from the writer's thread to the backup's own
// (BackupJob), which puts it on the disk.
//
// The writer never waits: it copies no further slice while wants_slice() is false, and changes,
// which cannot wait, are taken until there are too many of them; then the stream fails. Shared by
// both; any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/backup.h"
#include "storage/backup_format.h"

namespace clarion::storage {

class BackupStream {
public:
    /// `room` is called on the reading thread when wants_slice() may have become true.
    BackupStream(const BackupLimits& limits, std::function<void()> room)
        : limits_(limits), room_(std::move(room)) {}

    const BackupLimits& limits() const { return limits_; }

    // The writer's thread.
    bool wants_slice() const;
    /// Nothing more is wanted: finished, failed or abandoned.
    bool over() const { return over_.load(std::memory_order_acquire); }
    /// A block of records, which come after all that was put before.
    void put(std::string records);
    void finish(BackupEnd end);

    /// The first failure counts.
    void fail(Error error);

    // The backup's thread.
    struct Piece {
        BackupBlock kind = BackupBlock::records;
        std::string payload;
        BackupSummary summary;  // with the end
    };
    /// Waits for the next piece. The last is the end.
    Result<Piece> take();

private:
    const BackupLimits limits_;
    const std::function<void()> room_;
    std::atomic<std::size_t> waiting_{0};  // bytes
    std::atomic<bool> over_{false};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    std::optional<Error> error_;
};

}  // namespace clarion::storage
