// Storage in LMDB: the default back end, which needs no set-up.
#pragma once

#include <memory>
#include <string>

#include "storage/storage.h"

namespace clarion::storage {

/// Opens (creating if absent) the LMDB environment in `directory`. Checks the file's length and
/// format version first. Errors: a sentence for the operator with path and cause.
Result<std::unique_ptr<Storage>> open_lmdb_storage(const std::string& directory,
                                                   Durability durability,
                                                   const StorageLimits& limits = {});

}  // namespace clarion::storage
