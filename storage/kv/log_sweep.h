// LogSweep: the walk behind Storage::maintain(), in turns of look() and write().
//
//     collect -> watch -> offline -> queues -> archive -> erase -> collect ... -> done
//
// Table::unreferenced names log entries that lost a reference. Up to max_candidates of them are
// gathered, the writer is told to watch them (kv/log_watch.h), then everything that can refer to
// the log is read once, and what was not found there is erased. One that an archive refers to is no
// longer unreferenced: whoever removes that index entry will note it again. One that only a kept
// stanza refers to stays unreferenced, for nobody notes it when the stanza is delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/expiry.h"
#include "storage/kv/engine.h"
#include "storage/kv/kv_batch.h"

namespace clarion::storage {

/// What a LogSweep wants next.
enum class SweepStep : std::uint8_t { look, write, done };

/// Only one at a time may be under way: an older one then erases nothing. Never on two threads at
/// once. Dropped at any point it leaves nothing to clean up.
class LogSweep {
public:
    /// Log entries in one walk over all references: 9 bytes of memory each.
    static constexpr std::size_t max_candidates = 500'000;
    /// Looked at in one slice: unreferenced entries (each with its log entry), and references.
    static constexpr std::size_t collect_slice = 500;
    static constexpr std::size_t mark_slice = 4'000;
    /// Erased in one batch.
    static constexpr std::size_t erase_slice = 1'000;

    /// `number` is this sweep's own, not 0. `candidates`: tests make it small.
    LogSweep(Engine& engine, std::uint64_t number, WallTime before,
             std::size_t candidates = max_candidates)
        : engine_(engine), number_(number), before_(before), max_candidates_(candidates) {}

    /// Reads one slice: a few hundred microseconds, or what some dozen pages take to come from the
    /// disk. Blocks.
    Result<SweepStep> look();
    /// Adds one slice of writing to the batch, which must be committed before the next look().
    /// REQUIRES: look() said `write`.
    void write(Batch& batch);
    /// Log entries erased so far. (One that was referred to again meanwhile is counted, but stays.)
    std::uint64_t erased() const { return erased_; }

private:
    enum class Stage : std::uint8_t { collect, watch, offline, queues, archive, erase, done };
    enum class Mark : std::uint8_t { none, kept, indexed };

    SweepStep look_at(Snapshot& snapshot);
    SweepStep collect(Snapshot& snapshot);
    bool is_old(Snapshot& snapshot, std::string_view log_key) const;
    SweepStep mark_some(Snapshot& snapshot, Table table, Stage next);
    void mark(LogId log, Mark mark);
    void erase_some(KvBatch& batch);

    Engine& engine_;
    const std::uint64_t number_;
    const WallTime before_;
    const std::size_t max_candidates_;

    Stage stage_ = Stage::collect;
    std::string unreferenced_position_;  // where to go on in Table::unreferenced
    bool unreferenced_end_ = false;      // all of it was collected
    std::string position_;  // where to go on in the table that is being read for references
    std::vector<std::uint64_t> candidates_;  // ascending
    std::vector<Mark> marks_;                // of each
    std::size_t next_ = 0;                   // the first one not yet dealt with in Stage::erase
    std::uint64_t erased_ = 0;
};

}  // namespace clarion::storage
