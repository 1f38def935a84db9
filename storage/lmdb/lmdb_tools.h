// LmdbTools: StorageTools for LMDB, whose environment is the directory "db" in the data directory.
#pragma once

#include <string>

#include "storage/storage_tools.h"

namespace clarion::storage {

/// What DatabaseCheck finds in the LMDB environment of a directory.
Result<CheckReport> check_database(const std::string& directory, const CheckProgress& progress,
                                   const ModuleCheck& of_modules = {});

/// Makes directory/db of a backup. A database that is there is refused, or with `replace` moved to
/// directory/db.before-restore-TIME.
Result<Restored> restore_backup(const std::string& file, const std::string& directory, bool replace,
                                WallTime now);

class LmdbTools final : public StorageTools {
public:
    explicit LmdbTools(std::string directory) : directory_(std::move(directory)) {}
    bool has_data() const override;
    Result<CheckReport> check(const CheckProgress& progress,
                              const ModuleCheck& of_modules) override {
        return check_database(directory_ + "/db", progress, of_modules);
    }
    Result<Restored> restore(const std::string& file, bool replace, WallTime now) override {
        return restore_backup(file, directory_, replace, now);
    }

private:
    const std::string directory_;
};

}  // namespace clarion::storage
