#include "server/core/accounts/account_names.h"

#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::core {

Task<Result<std::vector<std::string>>> AccountNames::next() {
    constexpr std::size_t slice = 1000;
    if (ended_) co_return std::vector<std::string>{};
    if (!after_.empty()) co_await context_.shard().sleep(Duration::zero());
    auto names = co_await context_.storage().owners().list(storage::OwnerKind::account, host_,
                                                           after_, slice);
    if (!names) co_return names.error();
    ended_ = names->size() < slice;
    if (!names->empty()) after_ = names->back();
    co_return std::move(*names);
}

}  // namespace clarion::core
