// call_on_shard(): asks another shard and waits for its answer, for the few coroutines that must
// (administration).
#pragma once

#include <functional>
#include <string>

#include "base/task.h"

namespace clarion::core {

class Context;

/// Runs `work` as a coroutine on that shard (here, if it is this one) and resumes on `here` when it
/// has ended. `work`, with what it captured, lives until then; results travel through what it
/// refers to. If the other shard is stopping, `work` may not run: initialise results accordingly.
Task<> call_on_shard(Context& here, unsigned shard, std::function<Task<>(Context&)> work);

/// The same at the home of an account or domain, wherever that is; while it moves, once it is there.
Task<> call_at_home(Context& here, std::string key, std::function<Task<>(Context&)> work);

/// call_on_shard() for every shard, one after the other.
Task<> run_on_all(Context& here, std::function<Task<>(Context&)> work);

}  // namespace clarion::core
