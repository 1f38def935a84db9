// Which back ends there are: the one place that names them.
#include <memory>
#include <utility>

#include "storage/lmdb/lmdb_storage.h"
#include "storage/lmdb/lmdb_tools.h"
#include "storage/storage.h"
#include "storage/storage_tools.h"

namespace clarion::storage {
namespace {

std::string lmdb_directory(const StorageConfig& config) { return config.directory + "/db"; }

Error no_backend(const StorageConfig& config) {
    return fail(error_code::config, "there is no storage back end \"" + config.backend + "\"");
}

}  // namespace

Result<std::unique_ptr<Storage>> open_storage(const StorageConfig& config) {
    if (config.backend == "lmdb")
        return open_lmdb_storage(lmdb_directory(config), config.durability, config.limits);
    return no_backend(config);
}

Result<std::unique_ptr<StorageTools>> storage_tools(const StorageConfig& config) {
    if (config.backend == "lmdb")
        return std::unique_ptr<StorageTools>(std::make_unique<LmdbTools>(config.directory));
    return no_backend(config);
}

}  // namespace clarion::storage
