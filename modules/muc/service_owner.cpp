#include "modules/muc/service_owner.h"

#include <functional>

#include "modules/muc/services.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::muc {

Task<Result<storage::OwnerId>> ServiceOwner::id() {
    if (id_ != storage::OwnerId::none) co_return id_;
    const Result<> sought = co_await find();
    if (!sought) co_return sought.error();
    if (id_ != storage::OwnerId::none) co_return id_;
    const std::function<Task<Result<storage::OwnerId>>(core::Context&)> ask =
        [this](core::Context& home) { return make_at(home, domain_); };
    const auto made = co_await core::ask_at_home<storage::OwnerId>(context_, domain_, ask);
    if (made) id_ = *made;
    co_return made;
}

Task<Result<>> ServiceOwner::find() {
    const auto found =
        co_await context_.storage().owners().find(storage::OwnerKind::actor, domain_);
    if (!found) co_return found.error();
    if (*found) id_ = **found;
    co_return Result<>{};
}

Task<Result<storage::OwnerId>> ServiceOwner::make_at(core::Context& home,
                                                     const std::string& domain) {
    RoomsSought sought{domain};
    home.bus().fire(sought);
    if (!sought.found) co_return fail("service-unavailable", "rooms are switched off");
    co_return co_await sought.found->service().make();
}

/// Nobody else may write under an id whose owner might not be there after a crash, so it is told
/// when it is committed.
Task<Result<storage::OwnerId>> ServiceOwner::make() {
    co_await making_.wait(context_.shard());
    if (id_ != storage::OwnerId::none) co_return id_;
    const OneAtATime::Turn turn(making_);
    const Result<> sought = co_await find();
    if (!sought) co_return sought.error();
    if (id_ != storage::OwnerId::none) co_return id_;
    const storage::OwnerId made = context_.storage().owners().next_id(domain_);
    context_.storage().owners().put(context_.shard().batch(),
                                    {made, storage::OwnerKind::actor, domain_});
    const Result<> committed = co_await context_.shard().committed();
    if (!committed) co_return committed.error();
    id_ = made;
    co_return made;
}

}  // namespace clarion::muc
