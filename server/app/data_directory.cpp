#include "server/app/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "modules/all.h"
#include "server/core/options.h"
#include "storage/storage_tools.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

/// The lock of a directory, for the length of a function.
class Lock {
public:
    explicit Lock(const std::string& directory) : fd_(lock_directory(directory)) {}
    ~Lock() {
        if (fd_) ::close(*fd_);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    const Result<int>& fd() const { return fd_; }

private:
    Result<int> fd_;
};

/// What somebody else than the server's user writes, the server cannot read.
Result<> check_owner(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0 || status.st_uid == ::geteuid()) return {};
    return fail("data-dir", directory +
                                " belongs to another user, as whom the server runs. Do this as "
                                "that user (sudo -u)");
}

json::object described(const storage::BackupContents& contents) {
    json::object entries;
    for (const auto& [table, count] : contents.entries) entries[table] = count;
    return {{"made", format_datetime(contents.made)},
            {"server", contents.server},
            {"bytes", contents.bytes},
            {"entries", contents.total},
            {"tables", std::move(entries)}};
}

void tell(std::ostream& out, const storage::BackupContents& contents) {
    out << "made:    " << format_datetime(contents.made) << " by Clarion " << contents.server
        << "\nbytes:   " << contents.bytes << "\nentries: " << contents.total << '\n';
    for (const auto& [table, count] : contents.entries)
        if (count > 0) out << "  " << table << ": " << count << '\n';
}

void silent(std::string_view, std::uint64_t, std::uint64_t) {}

/// Says on `out` how far a long check has come.
storage::CheckProgress progress_on(std::ostream& out) {
    return [&out](std::string_view table, std::uint64_t done, std::uint64_t total) {
        out << "checking " << table << ": " << done << " of " << total << std::endl;
    };
}

void tell_problems(std::ostream& out, const storage::CheckReport& report) {
    for (const auto& problem : report.first) out << problem << '\n';
    if (report.problems > report.first.size())
        out << "and " << report.problems - report.first.size() << " more\n";
}

Result<> tell(std::ostream& out, const storage::CheckReport& report) {
    out << "database: format " << report.format << ", " << report.total << " entries\n";
    for (const auto& [table, count] : report.entries)
        if (count > 0) out << "  " << table << ": " << count << '\n';
    tell_problems(out, report);
    if (report.problems == 0) return {};
    return fail("damaged",
                "the database has " + std::to_string(report.problems) +
                    " problems. Keep a copy of it, and restore a backup if there is one");
}

}  // namespace

namespace {

Error fail_in_use(const std::string& directory) {
    return fail(error_code::in_use, "another server is using " + directory);
}

}  // namespace

storage::StorageConfig storage_config(const Config& config) {
    const auto& options = config.get<core::StorageOptions>();
    storage::StorageConfig result;
    result.backend = options.backend;
    result.directory = config.get<core::ServerOptions>().data_dir;
    if (options.durability == "process") result.durability = storage::Durability::process;
    result.limits.max_bytes = static_cast<std::size_t>(options.map_size);
    return result;
}

Result<int> lock_directory(const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    const std::string path = directory + "/lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail("data-dir", "cannot write to " + directory + ": " + std::strerror(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    ::close(fd);
    return fail_in_use(directory);
}

Result<> check_not_in_use(const std::string& directory) {
    const int fd = ::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return {};
    const bool free = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    ::close(fd);
    return free ? Result<>() : fail_in_use(directory);
}

namespace {

/// What a module that is not there any more keeps is not looked at.
Result<> check_module_entry(const storage::DataSpace& space, std::string_view key,
                            std::string_view value) {
    for (const auto& row : modules::all())
        if (row.name == space.module && row.check_entry)
            return row.check_entry(space.kind, key, value);
    return {};
}

}  // namespace

Result<> restore(const Config& config, const std::string& file, bool replace, bool as_json,
                 std::ostream& out) {
    const auto directory = config.get<core::ServerOptions>().data_dir;
    if (auto ours = check_owner(directory); !ours) return ours;
    const Lock lock(directory);
    if (!lock.fd()) return lock.fd().error();
    const auto tools = storage::storage_tools(storage_config(config));
    if (!tools) return tools.error();
    const auto restored = (*tools)->restore(file, replace, system_clock().wall());
    if (!restored) return restored.error();
    // A backup is whole if it says what the database said, which may have been damaged then.
    const auto progress = as_json ? storage::CheckProgress(silent) : progress_on(out);
    const auto report = (*tools)->check(progress, check_module_entry);
    if (!report) return report.error();
    if (as_json) {
        json::object result = described(restored->contents);
        result["database"] = directory + "/db";
        if (!restored->moved_to.empty()) result["moved_to"] = restored->moved_to;
        result["problems"] = report->problems;
        result["first_problems"] = json::value_from(report->first);
        out << json::serialize(result) << '\n';
        return {};
    }
    out << "restored " << directory << "/db\n";
    tell(out, restored->contents);
    if (!restored->moved_to.empty())
        out << "the database that was there is now " << restored->moved_to << '\n';
    if (report->problems == 0) return {};
    out << "it had " << report->problems << " problems when the backup was made:\n";
    tell_problems(out, *report);
    return {};
}

Result<> verify(const std::string& file, bool as_json, std::ostream& out) {
    const auto contents = storage::verify_backup(file);
    if (!contents) return contents.error();
    if (as_json) {
        out << json::serialize(described(*contents)) << '\n';
        return {};
    }
    out << file << " is whole\n";
    tell(out, *contents);
    return {};
}

Result<> check_database(const Config& config, std::ostream& out) {
    const auto directory = config.get<core::ServerOptions>().data_dir;
    const auto tools = storage::storage_tools(storage_config(config));
    if (!tools) return tools.error();
    if (!(*tools)->has_data()) {
        out << "database: none yet in " << directory << '\n';
        return {};
    }
    const Lock lock(directory);
    if (!lock.fd() && lock.fd().error().is(error_code::in_use)) {
        out << "database: in use by a running server, so not looked at\n";
        return {};
    }
    if (!lock.fd()) return lock.fd().error();
    const auto report = (*tools)->check(progress_on(out), check_module_entry);
    return report ? tell(out, *report) : report.error();
}

std::uint64_t database_bytes(const Config& config) {
    constexpr std::uint64_t block = 512;  // of stat(2), whatever the file system's are
    std::uint64_t bytes = 0;
    std::error_code error;
    const std::string directory = storage_config(config).directory + "/db";
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        struct stat found {};
        if (::stat(at->path().c_str(), &found) == 0 && S_ISREG(found.st_mode))
            bytes += static_cast<std::uint64_t>(found.st_blocks) * block;
    }
    return bytes;
}

}  // namespace clarion::app
