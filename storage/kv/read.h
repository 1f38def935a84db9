// What reading repositories share: a snapshot for the length of one function, failures as Errors,
// and loops over a range of keys.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "storage/kv/engine.h"
#include "storage/kv/keys.h"

namespace clarion::storage {

/// Runs `read` on a fresh snapshot. An EngineFailure in it becomes the Error.
template <class Read>
auto read_snapshot(Engine& engine, Read&& read) -> Result<std::invoke_result_t<Read, Snapshot&>> {
    try {
        const auto snapshot = engine.snapshot();
        return std::forward<Read>(read)(*snapshot);
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
}

/// A record that was stored must decode; if not, the file is damaged.
template <class Record>
Record decoded(Result<Record> record) {
    if (!record) throw EngineFailure(fail("internal-server-error", record.error().text));
    return std::move(record).value();
}

/// Calls `use(entry)` for the entries of [from, to) in order until it returns false.
template <class Use>
void for_range(Snapshot& snapshot, Table table, std::string_view from, std::string_view to,
               Use&& use) {
    const auto cursor = snapshot.cursor(table);
    for (bool found = cursor->seek(from); found; found = cursor->next()) {
        const Entry entry = cursor->entry();
        if (entry.key >= to || !use(entry)) return;
    }
}

/// Calls `use(entry)` for the entries of those partitions, in order, from the first key at or after
/// `from` on, until it returns false: in a table whose keys begin with a partition. Partitions
/// without entries cost nothing.
template <class Use>
void for_partitions(Snapshot& snapshot, Table table, const PartitionSet& partitions,
                    std::string_view from, Use&& use) {
    const auto cursor = snapshot.cursor(table);
    for (bool found = cursor->seek(from); found;) {
        const Entry entry = cursor->entry();
        const Partition partition = key_partition(entry.key);
        if (partitions.contains(partition)) {
            if (!use(entry)) return;
            found = cursor->next();
        } else {
            const auto next = partitions.first_from(PartitionSet::index(partition));
            found = next && cursor->seek(partition_key(*next));
        }
    }
}

/// How many entries [from, to) has, by looking at each.
inline std::uint64_t count_range(Snapshot& snapshot, Table table, const KeyRange& range) {
    std::uint64_t count = 0;
    for_range(snapshot, table, range.from, range.to, [&](const Entry&) { return ++count, true; });
    return count;
}

/// The key directly after `key`: where to go on behind it.
inline Key after(const Key& key) { return Key(key).u8(0); }

}  // namespace clarion::storage
