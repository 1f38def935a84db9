// clarion_memory_bytes: what the server holds in memory, by what it is for, and what the allocator
// has given out in all.
#pragma once

#include "base/task.h"

namespace clarion::app {

class App;

/// Looks at what there is on each shard, one after the other, and sets the gauges: some ten
/// milliseconds for a hundred thousand accounts in memory, so only when somebody asks.
Task<> measure_memory(App& app);

}  // namespace clarion::app
