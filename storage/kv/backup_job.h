// BackupJob: one backup, on a thread of its own: takes what the writer puts into the stream, and
// makes a file of it.
//
// The file is FILE.partial (mode 0600) until it is whole and on the disk; if anything fails before,
// it is removed. Owned by KvStorage, which has one at a time. All functions: any thread but its
// own.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "storage/backup.h"
#include "storage/kv/backup_stream.h"

namespace clarion::storage {

class BackupJob {
public:
    /// Begins at once. `room`: see BackupStream.
    BackupJob(BackupOrder order, BackupDone done, std::function<void()> room);
    /// Abandons it.
    ~BackupJob();
    BackupJob(const BackupJob&) = delete;
    BackupJob& operator=(const BackupJob&) = delete;

    const std::shared_ptr<BackupStream>& stream() const { return stream_; }
    /// Nothing is left to do but to call `done`.
    bool finished() const { return finished_.load(std::memory_order_acquire); }
    /// Makes it fail with "cancelled" unless it is finished, and waits for its thread.
    void abandon();

private:
    void run();

    const BackupOrder order_;
    const BackupDone done_;
    const std::shared_ptr<BackupStream> stream_;
    std::atomic<bool> finished_{false};
    std::thread thread_;  // last: starts when all else is there
};

}  // namespace clarion::storage
