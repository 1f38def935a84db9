// Signal: a coroutine waits until somebody else on its shard says that something has changed.
//
// It says only that: who waited looks again, and waits again if it was something else. On one
// shard, like all that it is a member of.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace clarion::core {

class Shard;

class Signal {
public:
    Signal();
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// Waits for the next notify(), but no longer than `limit`; false if that has passed. Throws
    /// operation_aborted if the task is cancelled meanwhile. REQUIRES: the signal lasts as long.
    Task<bool> wait(Shard& shard, Duration limit = Duration::max());
    /// All who wait go on, in a later turn.
    void notify();

private:
    struct Waiter;
    std::unique_ptr<std::vector<std::shared_ptr<Waiter>>> waiters_;  // nullptr, almost always
};

}  // namespace clarion::core
