#include "server/core/routing/writer_room.h"

#include <utility>

#include "server/core/context.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

std::size_t WriterRoom::limit() const {
    return static_cast<std::size_t>(context_.options<StorageOptions>().backlog_limit);
}

bool WriterRoom::has_room() const { return context_.storage().backlog_bytes() < limit(); }

void WriterRoom::when_room(UniqueFunction<void()> fn) {
    waiting_.push_back(std::move(fn));
    if (waiting_.size() > 1) return;  // storage was asked already
    context_.storage().when_backlog_below(
        limit(), [this, &shards = context_.shards(), shard = context_.shard().index()] {
            shards.post(shard, [this] { call_all(); });
        });
}

/// Who finds that there is no room again waits again.
void WriterRoom::call_all() {
    for (auto& fn : std::exchange(waiting_, {})) fn();
}

}  // namespace clarion::core
