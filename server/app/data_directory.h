// The data directory: whose it is at the moment, and what may be done with it while no server runs:
// restoring a backup, checking the database. Main thread; blocks.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "base/config.h"
#include "base/result.h"
#include "storage/storage.h"

namespace clarion::app {

/// Where and how the server keeps its data, as configured.
storage::StorageConfig storage_config(const Config& config);

/// One process at a time may use a data directory. It keeps the lock until it closes the
/// descriptor. Errors: "in-use" (says so), "data-dir".
Result<int> lock_directory(const std::string& directory);

/// Whether no server runs on it. Changes nothing. Errors: "in-use", in the words of
/// lock_directory().
Result<> check_not_in_use(const std::string& directory);

/// What the database takes on the disk, in bytes; 0 if it cannot be looked at. Any thread.
std::uint64_t database_bytes(const Config& config);

/// --restore: makes the database of a backup; says on `out` what came of it. With `replace` a
/// database that is there is moved aside.
Result<> restore(const Config& config, const std::string& file, bool replace, bool as_json,
                 std::ostream& out);

/// --verify: reads a backup from its beginning to its end; says on `out` what it has.
Result<> verify(const std::string& file, bool as_json, std::ostream& out);

/// The part of --check that concerns the database. Nothing is changed. With a server running on it
/// says so, and that is fine. Errors: what is wrong, after the first problems were told on `out`.
Result<> check_database(const Config& config, std::ostream& out);

}  // namespace clarion::app
