#include "modules/muc/service_owner.h"

#include <functional>

#include "server/core/actors/owner_maker.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "storage/storage.h"

namespace clarion::muc {

/// Nobody else may write under an id whose owner might not be there after a crash, so it is told
/// when it is committed.
Task<Result<storage::OwnerId>> ServiceOwner::id() {
    if (id_ != storage::OwnerId::none) co_return id_;
    const auto found =
        co_await context_.storage().owners().find(storage::OwnerKind::actor, domain_);
    if (!found) co_return found.error();
    if (*found) co_return id_ = **found;
    const std::function<Task<Result<storage::OwnerId>>(core::Context&)> ask =
        [this](core::Context& home) { return core::owner_maker(home).find_or_make(domain_); };
    const auto made = co_await core::ask_at_home<storage::OwnerId>(context_, domain_, ask);
    if (made) id_ = *made;
    co_return made;
}

}  // namespace clarion::muc
