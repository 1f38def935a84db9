#include "base/free_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>

namespace clarion {

std::optional<std::uint64_t> free_bytes(const std::string& directory) {
    std::error_code error;
    std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
    struct statvfs found {};
    while (!error && ::statvfs(path.c_str(), &found) != 0) {
        if (errno != ENOENT || path == path.parent_path()) return std::nullopt;
        path = path.parent_path();
    }
    if (error) return std::nullopt;
    return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace clarion
