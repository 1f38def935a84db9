// A directory of a test's own, gone with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace clarion::test {

struct Directory {
    std::string path = (std::filesystem::temp_directory_path() / "clarion-XXXXXX").string();
    Directory() {
        if (!::mkdtemp(path.data())) throw std::runtime_error("no directory " + path);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

}  // namespace clarion::test
