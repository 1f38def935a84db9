#include "server/core/actors/host_owner.h"

#include <utility>

#include "server/core/actors/owner_maker.h"
#include "server/core/context.h"

namespace clarion::core {

Task<Result<storage::OwnerId>> owner_of_host(Context& home, std::string host) {
    co_return co_await owner_maker(home).find_or_make(std::move(host));
}

}  // namespace clarion::core
