// Where in an archive the entries of a time are.
//
// Entries lie in the order of their ids, which is the order in which they were written, and an id
// is the time of its entry in microseconds as long as the clock goes forwards. Where it was set
// back, ids go on behind the newest one, and the entries' own times do not follow the order any
// more. Each such step is noted (kv/archive_tails.h); between two steps times ascend. So a search
// by time is a search in each of these parts, and in an archive without steps the two ids that its
// bounds name.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "storage/ids.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

/// Archive ids from `first` to `last`, both included.
struct IdRange {
    std::uint64_t first = 0;
    std::uint64_t last = UINT64_MAX - 1;

    bool empty() const { return first > last; }
    bool contains(std::uint64_t id) const { return id >= first && id <= last; }
};

/// The ids of all entries that were written from `start` to `end`, both included, and of no other;
/// ascending, none empty. nullopt: no bound.
std::vector<IdRange> find_times(Snapshot& snapshot, OwnerId owner, std::optional<WallTime> start,
                                std::optional<WallTime> end);

}  // namespace clarion::storage
