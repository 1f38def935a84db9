// import_accounts(): many accounts made at once, wherever they are at home.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "server/core/accounts/account_registry.h"

namespace clarion::core {

class Context;

/// In one commit on each shard; those that move meanwhile are made at their next home. Names that
/// exist are left alone and returned. Durable when it returns. Error: of storage; accounts of other
/// shards were made nevertheless.
Task<Result<std::vector<Jid>>> import_accounts(Context& here,
                                               std::vector<AccountRegistry::NewAccount> accounts);

}  // namespace clarion::core
