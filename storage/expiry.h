// Expiry: how archives lose what is old, and how the log loses what nothing refers to any more
// (docs/design/002-storage.md, "Expiry"). XEP-0313 leaves the rules to the server.
//
// Two steps, each in slices. First an archive's oldest index entries go (find, remove); the log
// entries they referred to are noted as unreferenced. Later a LogSweep looks at which unreferenced
// log entries some archive, offline message or hibernating queue still refers to, and erases the
// others. Whatever stops in the middle of either is harmless: the next time goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// What an archive keeps: entries that are both young enough and among the newest.
struct Keep {
    WallTime since = WallTime::min();
    std::uint64_t newest = 0;  // this many; 0: any number
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
    };
    /// Set if `last` is the newest entry of the archive. That one loses its content but stays,
    /// since the next archive id must follow it; no reader sees it.
    std::optional<Newest> newest;
    bool more = false;  // `limit` ended it: ask again once these are removed
};

/// What a LogSweep wants next.
enum class SweepStep : std::uint8_t { look, write, done };

/// One walk over what is unreferenced, in turns of look() and write():
///
///     auto sweep = expiry.sweep(before);
///     for (;;) {
///         auto step = sweep->look();                 // on a worker
///         if (!step || *step == SweepStep::done) break;
///         if (*step == SweepStep::look) continue;    // after a pause
///         sweep->write(batch);                       // on a shard
///         /* submit, wait for the commit; if it fails, give up */
///     }
///
/// Only one at a time may be under way: an older one then erases nothing. Never on two threads at
/// once. Dropped at any point it leaves nothing to clean up.
class LogSweep {
public:
    virtual ~LogSweep() = default;
    /// Reads one slice: a few hundred microseconds, or what some dozen pages take to come from the
    /// disk. Blocks; any thread, best a worker (Shard::offload).
    virtual Result<SweepStep> look() = 0;
    /// Adds one slice of writing to the batch, which must be committed before the next look().
    /// REQUIRES: look() said `write`.
    virtual void write(Batch& batch) = 0;
    /// Log entries erased so far. (One that was referred to again meanwhile is counted, but stays.)
    virtual std::uint64_t erased() const = 0;
};

class Expiry {
public:
    virtual ~Expiry() = default;
    /// The oldest entries of an archive up to the first that it keeps, at most `limit`.
    virtual Task<Result<ExpiredEntries>> find(OwnerId owner, Keep keep, std::size_t limit) = 0;
    /// Takes away what find() returned; by the owner's own shard. An owner removed meanwhile is
    /// fine.
    virtual void remove(Batch& batch, OwnerId owner, const ExpiredEntries& entries) = 0;
    /// Looks for unreferenced log entries from before `before`. That must be long enough ago for no
    /// stanza that only memory holds to refer to one: see Archive::put_index().
    virtual std::unique_ptr<LogSweep> sweep(WallTime before) = 0;
};

}  // namespace clarion::storage
