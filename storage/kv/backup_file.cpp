#include "storage/kv/backup_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace clarion::storage {
namespace {

// The disk is kept up with: one great fsync at the end would hold up the commits' own.
constexpr std::uint64_t sync_interval = std::uint64_t{16} << 20;

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

Error taken(const std::string& path) {
    return fail(error_code::conflict, path + " exists already (--force replaces it)");
}

}  // namespace

bool sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::fsync(fd) == 0;
    ::close(fd);
    return done;
}

Result<BackupFile> BackupFile::create(const std::string& path, bool replace) {
    if (!path.starts_with('/') || path.ends_with('/'))
        return fail(error_code::usage, "the server needs the absolute path of a file, not " + path);
    if (std::error_code error; std::filesystem::is_directory(path, error))
        return fail(error_code::usage, path + " is a directory; name a file in it");
    if (!replace && exists(path)) return taken(path);
    const std::string partial = path + ".partial";
    ::unlink(partial.c_str());
    const int fd =
        ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail("unwritable", "the server cannot write " + partial + ": " +
                                      std::strerror(errno) +
                                      ". It writes as its own user, where its service may write");
    return BackupFile(path, replace, fd);
}

BackupFile::BackupFile(BackupFile&& other) noexcept
    : path_(std::move(other.path_)),
      replace_(other.replace_),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      synced_(other.synced_) {}

BackupFile::~BackupFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(partial().c_str());
}

Error BackupFile::problem(std::string_view what) const {
    return fail("unwritable",
                "cannot " + std::string(what) + " " + partial() + ": " + std::strerror(errno));
}

Result<> BackupFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return problem("write");
        bytes.remove_prefix(static_cast<std::size_t>(n));
        size_ += static_cast<std::uint64_t>(n);
    }
    if (size_ - synced_ < sync_interval) return {};
    synced_ = size_;
    return ::fdatasync(fd_) == 0 ? Result<>() : problem("write");
}

bool BackupFile::take_name() const {
    if (replace_) return ::rename(partial().c_str(), path_.c_str()) == 0;
    if (::renameat2(AT_FDCWD, partial().c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    // Not every file system can: then the look at the beginning must do.
    return errno == EINVAL && !exists(path_) && ::rename(partial().c_str(), path_.c_str()) == 0;
}

Result<> BackupFile::keep() {
    if (::fsync(fd_) != 0) return problem("write");
    if (!take_name()) return errno == EEXIST ? taken(path_) : problem("rename");
    ::close(std::exchange(fd_, -1));
    const std::string directory = std::filesystem::path(path_).parent_path();
    if (!sync_directory(directory))
        return fail("unwritable", "cannot sync " + directory + ": " + std::strerror(errno));
    return {};
}

}  // namespace clarion::storage
