#include "server/core/actors/actor.h"
#include "base/clock.h"
#include "server/core/context.h"
#include "server/runtime/signal.h"

#include <algorithm>

namespace clarion::core {

namespace {

// In microseconds.
/// How far the time of an archive entry may be ahead of the clock: small corrections of the clock
/// are none of the archive's business.
constexpr std::uint64_t most_ahead = 1'000'000;
/// Ids left out behind the newest stored one if the clock does not do it: before a crash some that
/// were not stored may have been seen by a client.
constexpr std::uint64_t unstored_ids = 1'000'000;

}  // namespace

Actor::Actor(Context& context, Jid jid, Stored stored)
    : context_(context),
      owner_(stored.id, std::move(stored.resident)),
      jid_(std::move(jid)),
      last_archive_id_(stored.last_archive_id) {
    touch();
}

Actor::ArchivePlace Actor::next_archive_place(WallTime now) {
    const auto by_clock =
        static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
    const auto last = static_cast<std::uint64_t>(last_archive_id_);
    const std::uint64_t behind = last + (std::exchange(gave_archive_ids_, true) ? 1 : unstored_ids);
    const std::uint64_t next = by_clock > last ? by_clock : behind;
    last_archive_id_ = storage::ArchiveId{next};
    const WallTime by_id{WallTime::duration(next)};
    return {last_archive_id_, next - by_clock <= most_ahead ? by_id : now};
}

void Actor::set_gone() { deleted_ = gone_ = true; }

void Actor::unpin() {
    --pins_;
    touch();
    if (pins_ == 0) context_.partitions_changed().notify();
}

void Actor::touch() { last_used_ = context_.clock().steady(); }

}  // namespace clarion::core
