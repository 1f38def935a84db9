// LmdbEngine: the tables as LMDB databases in one memory-mapped file.
//
// Why each flag and limit is as it is: docs/design/002-storage.md. Threads as engine.h says.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "storage/kv/engine.h"
#include "storage/storage.h"

namespace clarion::storage {

/// Opens directory/data.mdb, creating both if absent. Errors: a sentence with path and cause.
Result<std::unique_ptr<Engine>> open_lmdb_engine(const std::string& directory,
                                                 Durability durability, std::size_t map_bytes);

/// The same of a database that is there, for reading only: nothing of it is changed. A table that
/// it does not have yet is empty.
Result<std::unique_ptr<Engine>> open_lmdb_engine_to_read(const std::string& directory);

}  // namespace clarion::storage
