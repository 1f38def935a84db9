// WriterRoom: backpressure from storage's writer ([storage] backlog_limit): who must not read while
// it lags waits here. One per shard.
#pragma once

#include <vector>

#include "server/runtime/unique_function.h"

namespace clarion::core {

class Context;

class WriterRoom {
public:
    explicit WriterRoom(Context& context) : context_(context) {}

    /// Whether less is submitted and undecided than the limit, by all shards together.
    bool has_room() const;
    /// Calls `fn` once there is, in a later turn. REQUIRES: has_room() just said no. What `fn`
    /// refers to must last, or be looked at weakly.
    void when_room(UniqueFunction<void()> fn);

private:
    void call_all();
    std::size_t limit() const;

    Context& context_;
    std::vector<UniqueFunction<void()>> waiting_;
};

}  // namespace clarion::core
