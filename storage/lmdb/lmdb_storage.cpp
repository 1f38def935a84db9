#include "storage/lmdb/lmdb_storage.h"

#include <memory>
#include <utility>

#include "storage/kv/kv_storage.h"
#include "storage/lmdb/lmdb_engine.h"

namespace clarion::storage {

Result<std::unique_ptr<Storage>> open_lmdb_storage(const std::string& directory,
                                                   Durability durability,
                                                   const StorageLimits& limits) {
    auto engine = open_lmdb_engine(directory, durability, limits.max_bytes);
    if (!engine) return engine.error();
    auto storage = std::make_unique<KvStorage>(std::move(engine).value());
    if (auto started = storage->start(limits.group_bytes); !started) {
        return fail(started.error().code,
                    "the database in " + directory + " " + started.error().text);
    }
    return std::unique_ptr<Storage>(std::move(storage));
}

}  // namespace clarion::storage
