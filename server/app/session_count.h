// How many sessions there are: what `status` says, and the gauges clarion_sessions.
#pragma once

#include <cstdint>

#include "base/task.h"

namespace clarion::app {

class App;

struct SessionCount {
    std::uint64_t accounts = 0;   // in memory
    std::uint64_t connected = 0;  // sessions
    std::uint64_t asleep = 0;     // of accounts in memory
    /// Accounts that are on disk alone, with one session that hibernates, or more.
    std::uint64_t accounts_asleep = 0;
};

/// Looks at each shard, one after the other: some milliseconds for a hundred thousand accounts.
Task<SessionCount> count_sessions(App& app);
/// Counts them, and the memory of the process that no file stands behind, and sets the gauges. An
/// account that is on disk alone counts as one session that is asleep: nothing else of it is known.
Task<> measure_sessions(App& app);

}  // namespace clarion::app
