// check_database(): what DatabaseCheck finds in the LMDB environment of a directory.
#include <filesystem>

#include "storage/kv/database_check.h"
#include "storage/lmdb/lmdb_engine.h"
#include "storage/lmdb/lmdb_tools.h"

namespace clarion::storage {

bool LmdbTools::has_data() const { return std::filesystem::exists(directory_ + "/db"); }

Result<CheckReport> check_database(const std::string& directory, const CheckProgress& progress,
                                   const ModuleCheck& of_modules) {
    const auto engine = open_lmdb_engine_to_read(directory);
    if (!engine) return engine.error();
    try {
        const auto snapshot = (*engine)->snapshot();
        return DatabaseCheck(*snapshot, of_modules).run(progress);
    } catch (const EngineFailure& failure) {
        return fail("damaged",
                    "the database in " + directory + " cannot be read: " + failure.error().text);
    }
}

}  // namespace clarion::storage
