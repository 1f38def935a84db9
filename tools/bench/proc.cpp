#include "tools/bench/proc.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace clarion::bench {

namespace {

std::string slurp(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string proc_path(pid_t pid, std::string_view name) {
    return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

/// `root` and its descendants.
std::vector<pid_t> family(pid_t root) {
    std::vector<pid_t> all{root};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto pid = std::to_string(all[i]);
        std::istringstream children(slurp("/proc/" + pid + "/task/" + pid + "/children"));
        for (pid_t child; children >> child;) all.push_back(child);
    }
    return all;
}

/// The value, in bytes, of a line such as "Pss_Anon:   1234 kB".
double kilobytes(const std::string& rollup, std::string_view key) {
    const auto at = rollup.find("\n" + std::string(key) + ":");
    if (at == std::string::npos) return 0;
    return std::strtod(rollup.c_str() + at + key.size() + 2, nullptr) * 1024;
}

/// User and system time of one process, with children it has already waited for.
double ticks_of(pid_t pid) {
    const auto stat = slurp(proc_path(pid, "stat"));
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream fields(stat.substr(name_end + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    double user = 0, system = 0, children_user = 0, children_system = 0;
    fields >> user >> system >> children_user >> children_system;
    return user + system + children_user + children_system;
}

}  // namespace

Result<Memory> memory_of(pid_t root) {
    Memory sum;
    bool readable = false;
    for (const pid_t pid : family(root)) {
        const auto rollup = slurp(proc_path(pid, "smaps_rollup"));
        readable = readable || !rollup.empty();
        sum.anonymous += kilobytes(rollup, "Pss_Anon");
        sum.file += kilobytes(rollup, "Pss_File");
        sum.shared += kilobytes(rollup, "Pss_Shmem");
        sum.resident += kilobytes(rollup, "Rss");
    }
    if (!readable) {
        return fail("server-pid", "cannot read " + proc_path(root, "smaps_rollup") +
                                      ": is it the server's process, and yours?");
    }
    return sum;
}

double cpu_seconds_of(pid_t root) {
    double ticks = 0;
    for (const pid_t pid : family(root)) ticks += ticks_of(pid);
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace clarion::bench
