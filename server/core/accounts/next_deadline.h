// NextDeadline: when the next thing in storage's time index is due on this shard.
//
// Whoever writes a deadline notes it here, so that the one task that watches them sleeps until the
// earliest. One per shard.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "base/task.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::core {

class NextDeadline {
public:
    /// A deadline was written, or read.
    void note(LastingTime at) {
        if (at >= next_) return;
        next_ = at;
        earlier_.notify();
    }
    /// All that were noted are about to be read from storage.
    void forget() { next_ = LastingTime::max(); }
    /// Until the earliest is due, whichever is noted meanwhile.
    Task<> wait(Shard& shard) {
        while (next_ > shard.clock().lasting()) {
            Duration left = Duration::max();
            if (next_ != LastingTime::max())
                left = std::chrono::ceil<Duration>(next_ - shard.clock().lasting());
            co_await earlier_.wait(shard, left);
        }
    }

private:
    LastingTime next_ = LastingTime::max();
    Signal earlier_;
};

}  // namespace clarion::core
