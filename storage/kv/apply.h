// The operations of a batch, carried out in a transaction. Used by the Writer, on its thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "storage/kv/archive_tails.h"
#include "storage/kv/engine.h"
#include "storage/kv/kv_batch.h"
#include "storage/kv/log_watch.h"
#include "storage/kv/removed_owners.h"

namespace clarion::storage {

/// What the Writer knows beside the tables.
struct WriterMemory {
    LogWatch watch{};
    ArchiveTails tails{};
    RemovedOwners removed{};
};

/// Why the batch may not be applied to what the transaction holds so far; nullopt: it may.
std::optional<Error> failed_condition(WriteTransaction& transaction, const WriterMemory& memory,
                                      const KvBatch& batch);

void apply(WriteTransaction& transaction, WriterMemory& memory, const KvBatch& batch);

/// Erases entries of [from, to), at most `limit`. Returns how many.
std::size_t erase_some(WriteTransaction& transaction, Table table, std::string_view from,
                       std::string_view to, std::size_t limit);

/// Clears away at most `limit` entries that removed owners left in their archives and among module
/// data, and notes the log entries they referred to as unreferenced. False: nothing is left to do.
bool clear_deleting(WriteTransaction& transaction, LogWatch& watch, std::size_t limit);

}  // namespace clarion::storage
