#include "tools/clarionctl/clariond_program.h"

#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "tools/clarionctl/admin_client.h"

namespace clarion::ctl {

namespace {

/// Beside this program, as installed and as built; else PATH decides.
std::string clariond() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string beside = (self.parent_path() / "clariond").string();
    return !error && ::access(beside.c_str(), X_OK) == 0 ? beside : "clariond";
}

Result<std::string> config_file(const std::string& given, const std::string& command) {
    if (!given.empty()) return given;
    for (const char* path : {"run/clarion.toml", "/etc/clarion/clarion.toml"})
        if (::access(path, R_OK) == 0) return std::string(path);
    return fail("usage", command +
                             " needs the server's configuration, which says where its data is: "
                             "--config FILE");
}

bool is_answered(const std::string& socket) {
    const auto answer = AdminClient(socket).ask("status", {});
    return answer.ok() || answer.error().code != "unreachable";
}

/// `doing`: "Restoring".
Error become_clariond(std::vector<std::string> words, const std::string& doing) {
    words.insert(words.begin(), clariond());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return fail("unreachable", "cannot run " + words[0] + ": " + std::strerror(errno) + ". " +
                                   doing + " is done by clariond, which must be installed here");
}

}  // namespace

Error restore(const RestoreOrder& order) {
    const auto config = config_file(order.config, "restore");
    if (!config) return config.error();
    if (is_answered(order.socket))
        return fail("conflict", "a server is running (it answers at " + order.socket +
                                    "). Stop it first: clarionctl stop, or systemctl stop clarion");
    std::vector<std::string> words{"--config", *config, "--restore", order.file};
    if (order.force) words.emplace_back("--force");
    if (order.as_json) words.emplace_back("--json");
    return become_clariond(std::move(words), "Restoring");
}

Error check(const std::string& config) {
    const auto file = config_file(config, "check");
    if (!file) return file.error();
    return become_clariond({"--config", *file, "--check"}, "Checking");
}

}  // namespace clarion::ctl
