// Expiry: how archives lose what is old (docs/design/002-storage.md, "Expiry"). XEP-0313 leaves the
// rules to the server.
//
// In slices: an archive's oldest entries are found and removed (find, remove). What nothing refers to
// after that is given back by Storage::maintain(). Whatever stops in the middle of either is
// harmless: the next time goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// What an archive keeps: entries that are young enough, and among the newest.
struct Keep {
    WallTime since = WallTime::min();
    std::uint64_t newest = 0;  // this many; 0: any number
    /// Stanzas of so many bytes, and the one that is over. 0: any size.
    std::uint64_t bytes = 0;
    /// Entries that claim to be later are from a clock that was wrong: they are as old as what was
    /// written after it was set back.
    WallTime now = WallTime::max();
};

/// The old end of one archive: what remove() shall take away.
struct ExpiredEntries {
    std::size_t count = 0;             // messages among them
    ArchiveId last = ArchiveId::none;  // all entries up to this one; none: there is nothing to do
    std::vector<LogId> logs;           // what they refer to
    /// The first entry after the last step of the clock among them: what is left goes on from
    /// there. none: it was not set back.
    ArchiveId last_step = ArchiveId::none;
    struct Newest {
        WallTime time{};
        std::uint64_t ordinal = 0;  // its number in the archive, from the first one ever
        std::uint64_t bytes = 0;    // of all up to it
    };
    /// Set if `last` is the newest entry of the archive. That one loses its content but stays,
    /// since the next archive id must follow it; no reader sees it.
    std::optional<Newest> newest;
    bool more = false;       // `limit` ended it: ask again once these are removed
    bool too_large = false;  // some go because there are more than Keep::bytes
};

class Expiry {
public:
    virtual ~Expiry() = default;
    /// The oldest entries of an archive up to the first that it keeps, at most `limit`.
    virtual Task<Result<ExpiredEntries>> find(OwnerId owner, Keep keep, std::size_t limit) = 0;
    /// Takes away what find() returned; by the owner's own shard. An owner removed meanwhile is
    /// fine.
    virtual void remove(Batch& batch, OwnerId owner, const ExpiredEntries& entries) = 0;
};

}  // namespace clarion::storage
