#include "modules/muc/creators.h"

#include <utility>

#include "modules/muc/room_store.h"
#include "modules/muc/rooms.h"
#include "modules/muc/service_owner.h"
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
    // Who may make any number is counted only if it is known already.
    if (most == any_number && !counts_.contains(user)) co_return true;
    const Result<bool> below = co_await count(user, most);
    if (!below || !*below) co_return below;
    ++counts_[user];
    co_return true;
}

/// Whether there are fewer than `most`. What is read does not have what is being made, so it counts
/// only if nobody has begun meanwhile to count the same user.
Task<Result<bool>> Creators::count(const std::string& user, std::size_t most) {
    const auto service = co_await service_.id();
    if (!service) co_return service.error();
    for (;;) {
        if (const auto known = counts_.find(user); known != counts_.end())
            co_return known->second < most;
        const std::uint64_t changes = changes_;
        const auto stored = co_await store_.made_by(*service, user, most);
        if (!stored) co_return stored.error();
        if (changes != changes_ || counts_.contains(user)) continue;
        // Of more than there may be not all were counted.
        if (*stored >= most) co_return false;
        if (*stored > 0) counts_.emplace(user, *stored);
        co_return true;
    }
}

void Creators::give_back(std::string_view user) {
    const auto at = counts_.find(user);
    if (at == counts_.end()) {
        ++changes_;
        return;
    }
    if (at->second <= 1)
        counts_.erase(at);
    else
        --at->second;
}

void Creators::forget() {
    ++changes_;
    counts_.clear();
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
