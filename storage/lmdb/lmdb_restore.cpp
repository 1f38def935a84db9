// restore_backup(): a directory with a database in it, out of a backup.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "storage/kv/backup_file.h"
#include "storage/kv/backup_replay.h"
#include "storage/lmdb/lmdb_engine.h"
#include "storage/lmdb/lmdb_tools.h"
#include "storage/storage.h"

namespace clarion::storage {
namespace {

namespace fs = std::filesystem;

Error at_file(const std::string& file, const Error& error) {
    return fail(error.code, file + " " + error.text);
}

/// "db.before-restore-20261122T155521Z", or with "-2" and so on if there is one from that second.
std::string old_name(const std::string& database, WallTime now) {
    std::string time = format_datetime(now).substr(0, 19) + "Z";
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const std::string name = database + ".before-restore-" + time;
    std::string free = name;
    std::error_code error;
    for (int n = 2; fs::exists(free, error); ++n) free = name + "-" + std::to_string(n);
    return free;
}

Result<> no_database(const std::string& database) {
    std::error_code error;
    if (!fs::exists(database, error)) return {};
    if (fs::is_directory(database, error) && fs::is_empty(database, error)) return {};
    return fail(error_code::conflict,
                database +
                    " has a database already. --force moves it aside and puts the "
                    "restored one in its place");
}

/// Replays into a database under a name of its own, which is gone again if that fails.
Result<VerifiedBackup> build(const std::string& file, const std::string& directory) {
    auto input = BackupInput::open(file);
    if (!input) return input.error();
    std::error_code ignored;
    fs::remove_all(directory, ignored);  // of a restore that was interrupted
    Result<VerifiedBackup> built = fail("internal-server-error");
    {
        auto engine = open_lmdb_engine(directory, Durability::full, StorageLimits{}.max_bytes);
        if (!engine) return engine.error();
        built = replay_backup(input->source(), **engine);
    }
    if (built && sync_directory(directory)) return built;
    fs::remove_all(directory, ignored);
    if (built) return fail("unwritable", "cannot sync " + directory);
    return at_file(file, built.error());
}

Result<> rename(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return {};
    return fail("unwritable", "cannot rename " + from + " to " + to + ": " + error.message());
}

/// Puts the fresh database in the place of the one that is there, which gets the name `old`; empty:
/// there is none.
Result<> exchange(const std::string& fresh, const std::string& database, const std::string& old) {
    std::error_code error;
    if (old.empty())
        fs::remove(database, error);  // it may be there without anything in it
    else if (auto moved = rename(database, old); !moved)
        return moved;
    auto placed = rename(fresh, database);
    if (!placed && !old.empty()) fs::rename(old, database, error);
    return placed;
}

}  // namespace

Result<Restored> restore_backup(const std::string& file, const std::string& directory, bool replace,
                                WallTime now) {
    const std::string database = directory + "/db", fresh = directory + "/db.restoring";
    const auto free = no_database(database);
    if (!free && !replace) return free.error();
    auto input = BackupInput::open(file);
    if (!input) return input.error();
    const auto verified = verify_backup(input->source());
    if (!verified) return at_file(file, verified.error());

    auto built = build(file, fresh);
    if (!built) return built.error();
    std::error_code ignored;
    if (built->digest != verified->digest) {
        fs::remove_all(fresh, ignored);
        return at_file(file, fail(error_code::damaged_backup, "changed while it was read"));
    }
    Restored restored{std::move(built->contents), free ? "" : old_name(database, now)};
    if (auto placed = exchange(fresh, database, restored.moved_to); !placed) {
        fs::remove_all(fresh, ignored);
        return placed.error();
    }
    if (!sync_directory(directory)) return fail("unwritable", "cannot sync " + directory);
    return restored;
}

}  // namespace clarion::storage
