#include "modules/muc/creators.h"

#include <utility>

#include "modules/muc/room_walk.h"
#include "modules/muc/rooms.h"
#include "modules/muc/services.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"

namespace clarion::muc {

namespace {

Creators* creators_at(core::Context& home, const std::string& service) {
    RoomsSought sought{service};
    home.bus().fire(sought);
    return sought.found ? &sought.found->creators() : nullptr;
}

}  // namespace

Task<Result<bool>> Creators::take(std::string user, std::size_t most) {
    const Result<> known = co_await read();
    if (!known) co_return known.error();
    std::size_t& count = counts_[user];
    if (count >= most) co_return false;
    ++count;
    co_return true;
}

void Creators::give_back(std::string_view user) {
    const auto at = counts_.find(user);
    if (at == counts_.end()) return;
    if (at->second <= 1)
        counts_.erase(at);
    else
        --at->second;
}

void Creators::forget() {
    is_known_ = false;
    ++forgotten_;
    counts_.clear();
}

/// If partitions move meanwhile, it is read again for who asks next.
Task<Result<>> Creators::read() {
    co_await reading_.wait(context_.shard());
    if (is_known_) co_return Result<>{};
    const OneAtATime::Turn turn(reading_);
    const std::uint64_t forgotten = forgotten_;
    Counts counts;
    RoomWalk walk(rooms_);
    for (;;) {
        const auto room = co_await walk.next();
        if (!room) co_return room.error();
        if (!*room) break;
        const std::string& creator = (*room)->record.creator;
        if (context_.is_home(creator)) ++counts[creator];
    }
    counts_ = std::move(counts);
    is_known_ = forgotten == forgotten_;
    co_return Result<>{};
}

// ---- At the home of a user ---------------------------------------------------------------------

Task<Result<bool>> take_room(core::Context& here, std::string service, Jid user, std::size_t most) {
    const std::string name(user.bare());
    const std::function<Task<Result<bool>>(core::Context&)> take =
        [&](core::Context& home) -> Task<Result<bool>> {
        Creators* const creators = creators_at(home, service);
        if (!creators) co_return fail("service-unavailable", "rooms are switched off");
        co_return co_await creators->take(name, most);
    };
    co_return co_await core::ask_at_home<bool>(here, name, take);
}

void give_room_back(core::Context& here, const std::string& service, const std::string& user) {
    here.on_home_shard(user, [service, user](core::Context& home) {
        if (Creators* const creators = creators_at(home, service)) creators->give_back(user);
    });
}

}  // namespace clarion::muc
