// Reading a backup: what it says, and its records into an empty engine. Blocks; used with no server
// running (storage/lmdb/lmdb_restore.cpp) and by tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "storage/backup.h"
#include "storage/backup_format.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

/// Runs are counted on by so many when a database is restored: what was numbered after the backup
/// was made, in the state that is lost, had numbers of the next few runs.
inline constexpr std::uint64_t restored_run_step = 1024;

/// A file as a BackupSource. Errors: path and cause.
class BackupInput {
public:
    static Result<BackupInput> open(const std::string& path);
    ~BackupInput();
    BackupInput(BackupInput&& other) noexcept;
    BackupInput& operator=(BackupInput&&) = delete;
    /// REQUIRES: this outlives the source.
    BackupSource source();

private:
    BackupInput(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    std::string path_;
    int fd_;
};

/// Which of our tables each of the backup's is. Errors: "unsupported-format".
class BackupTables {
public:
    static Result<BackupTables> of(const BackupHeader& header);
    Table at(std::uint8_t number) const { return tables_[number]; }

private:
    std::vector<Table> tables_;
};

/// Reads all. Fails unless this server can restore it. The digest is that of the whole.
struct VerifiedBackup {
    BackupContents contents;
    std::string digest;
};
Result<VerifiedBackup> verify_backup(BackupSource source);

/// Replays all into the engine, whose tables are empty, in large transactions, and moves the run
/// number on. Then the engine has what the backup's end counts, or it is an error.
Result<VerifiedBackup> replay_backup(BackupSource source, Engine& engine);

}  // namespace clarion::storage
