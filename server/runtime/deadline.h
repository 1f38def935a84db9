// within(): the only way to put a time limit on an awaited step (connect, handshake, DNS).
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/task.h"

namespace clarion::core {

class Shard;

/// Runs `task` to its end, cancelling it when `limit` has passed. False: it was cancelled by the
/// limit (it has still ended: within() never leaves it running). The result travels through what
/// the task refers to.
Task<bool> within(Shard& shard, Duration limit, Task<> task);

}  // namespace clarion::core
