// LogWatch: which old log entries were touched while a LogSweep looks for references to them.
//
// A sweep reads in slices, each on a snapshot of its own, so a reference that moves meanwhile (from
// an offline message to a queue, say) can be missed in both places. But whoever writes a reference
// brings or requires the log entry in the same batch, and all batches pass through one thread: from the
// commit of OpCode::watch on, every entry of the watched range that a batch brings, requires, or notes
// as unreferenced, is remembered here, and the sweep's OpCode::erase_watched spares it. New messages
// refer to new entries, outside the range, and cost a comparison.
//
// Owned by the Writer, used on its thread. A batch that is tried twice, or whose transaction fails
// after all, may touch too much; that only spares an entry until the next sweep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace clarion::storage {

class LogWatch {
public:
    /// More than this and the sweep is called off.
    static constexpr std::size_t max_touched = 100'000;

    /// Watches [from, to], both inclusive, for the sweep with this number; forgets what was before.
    /// If nothing is in between, that sweep is over, and if it still is the one, so is watching.
    void start(std::uint64_t sweep, std::uint64_t from, std::uint64_t to);

    void touch(std::string_view log_key);
    /// Whether that sweep is the one watched for, and the entry was not touched since.
    bool allows(std::uint64_t sweep, std::string_view log_key) const;

private:
    void stop();

    std::uint64_t sweep_ = 0;  // 0: nothing is watched
    std::uint64_t from_ = 1;
    std::uint64_t to_ = 0;
    std::unordered_set<std::uint64_t> touched_;
};

}  // namespace clarion::storage
