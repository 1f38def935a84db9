// A host as the owner of what modules keep with it and with none of its accounts: standing messages,
// address lists, reports of abuse, invitations. It is no actor that is loaded: its entries are stored ones.
#pragma once

#include <string>

#include "base/task.h"
#include "storage/owners.h"

namespace clarion::core {

class Context;

/// The host's own id, made and committed if it has none. At the host's home. Errors: "moved",
/// storage errors.
Task<Result<storage::OwnerId>> owner_of_host(Context& home, std::string host);

}  // namespace clarion::core
