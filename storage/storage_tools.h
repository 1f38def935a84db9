// StorageTools: what is done with stored data while no server uses it: checking and restoring it
// (docs/backup.md). The caller holds the lock of the data directory. Blocks.
#pragma once

#include <memory>
#include <string>

#include "storage/backup.h"
#include "storage/check.h"
#include "storage/storage.h"

namespace clarion::storage {

class StorageTools {
public:
    virtual ~StorageTools() = default;

    /// Whether there is anything stored yet.
    virtual bool has_data() const = 0;
    /// Looks at every entry, and changes nothing. `of_modules` is asked about entries of modules; an
    /// empty one is not. Errors: it cannot be read at all, or is of a format
    /// this server does not know; where, and why.
    virtual Result<CheckReport> check(const CheckProgress& progress,
                                      const ModuleCheck& of_modules) = 0;
    /// Makes what is stored of a backup (Storage::start_backup). The file is verified first; nothing
    /// is touched if it is not whole. Data that is there is refused ("conflict"), or with `replace`
    /// moved aside. If it fails on the way, what was there still is.
    virtual Result<Restored> restore(const std::string& file, bool replace, WallTime now) = 0;
};

/// Error "config": no such back end.
Result<std::unique_ptr<StorageTools>> storage_tools(const StorageConfig& config);

}  // namespace clarion::storage
