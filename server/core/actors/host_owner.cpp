#include "server/core/actors/host_owner.h"

#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

Task<Result<storage::OwnerId>> owner_of_host(Context& home, std::string host) {
    const auto found = co_await home.storage().owners().find(storage::OwnerKind::actor, host);
    if (!found) co_return found.error();
    if (*found) co_return **found;
    const storage::OwnerId owner = home.storage().owners().next_id(host);
    home.storage().owners().put(home.shard().batch(), {owner, storage::OwnerKind::actor, host});
    co_return owner;
}

}  // namespace clarion::core
