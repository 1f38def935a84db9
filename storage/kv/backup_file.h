// BackupFile: a file that appears under its name when it is whole and on the disk, or not at all.
//
// Blocks. Owned by whoever writes it, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::storage {

class BackupFile {
public:
    /// Creates PATH.partial, mode 0600, in place of one that was left over. Errors: "usage" (not
    /// absolute), "conflict" (PATH exists and is not to be replaced), else with the cause.
    static Result<BackupFile> create(const std::string& path, bool replace);
    /// Removes it unless it was kept.
    ~BackupFile();
    BackupFile(BackupFile&& other) noexcept;
    BackupFile& operator=(BackupFile&&) = delete;

    Result<> write(std::string_view bytes);
    /// Puts it on the disk and gives it its name.
    Result<> keep();
    std::uint64_t size() const { return size_; }

private:
    BackupFile(std::string path, bool replace, int fd)
        : path_(std::move(path)), replace_(replace), fd_(fd) {}
    std::string partial() const { return path_ + ".partial"; }
    Error problem(std::string_view what) const;
    bool take_name() const;

    std::string path_;
    bool replace_;
    int fd_;  // -1: kept, or moved from
    std::uint64_t size_ = 0;
    std::uint64_t synced_ = 0;
};

/// Puts a directory's own entries on the disk.
bool sync_directory(const std::string& path);

}  // namespace clarion::storage
