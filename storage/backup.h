// Backups of a running server's storage, and what is done with the files
// (docs/design/002-storage.md, "Backup"; docs/backup.md for operators).
//
// Storage::start_backup() makes one, StorageTools::restore() reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace clarion::storage {

struct BackupLimits {
    /// No further slice is copied while so many bytes wait for the disk.
    std::size_t buffered = 4u << 20;
    /// Changes made meanwhile cannot wait: when so many bytes do, the backup is given up.
    std::size_t changes = 64u << 20;
    /// A slice ends after so many bytes, unless the writer's turn took long.
    std::size_t slice = 256u << 10;
};

struct BackupOrder {
    std::string file;      // absolute; FILE.partial until it is whole
    bool replace = false;  // an existing file
    WallTime made{};
    std::string server;  // version, for who reads the file
    BackupLimits limits;
};

struct BackupSummary {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;  // in the state that it holds
    std::uint64_t records = 0;  // in the file: entries and changes made meanwhile
};

/// Called once, on the backup's own thread; must not call Storage. Errors: a sentence for the
/// operator; "conflict" (the file exists), "cancelled" (the server stops).
using BackupDone = std::function<void(Result<BackupSummary>)>;

/// What a backup file says of itself.
struct BackupContents {
    WallTime made{};
    std::string server;
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    std::vector<std::pair<std::string, std::uint64_t>> entries;  // by table
    std::uint64_t total = 0;                                     // sum of entries
};

/// Reads the whole file and checks all that restoring it needs. Blocks. Errors: path and cause.
Result<BackupContents> verify_backup(const std::string& file);

/// What StorageTools::restore() did.
struct Restored {
    BackupContents contents;
    std::string moved_to;  // where the data that was there is now; empty: there was none
};

}  // namespace clarion::storage
