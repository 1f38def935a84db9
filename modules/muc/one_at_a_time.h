// OneAtATime: of several coroutines of a shard that need the same thing made, one makes it, and the
// others wait and find it made.
#pragma once

#include "base/task.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"

namespace clarion::muc {

class OneAtATime {
public:
    /// While it is there, others wait. Whoever makes it may be stopped; then somebody else does.
    class Turn {
    public:
        explicit Turn(OneAtATime& of) : of_(of) { of_.taken_ = true; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            of_.taken_ = false;
            of_.freed_.notify();
        }

    private:
        OneAtATime& of_;
    };

    /// Until nobody makes it. Whoever then still needs it takes the turn at once.
    Task<> wait(core::Shard& shard) {
        while (taken_) (void)co_await freed_.wait(shard);
    }

private:
    bool taken_ = false;
    core::Signal freed_;
};

}  // namespace clarion::muc
