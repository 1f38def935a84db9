// A host as the owner of what administrators keep with it: standing messages, address lists.
#pragma once

#include <string>

#include "base/task.h"
#include "storage/owners.h"

namespace clarion::core {
class Context;
}

namespace clarion::administration {

/// The host's own id, made in this turn's batch if it has none. At the host's home. Storage errors.
Task<Result<storage::OwnerId>> owner_of_host(core::Context& home, std::string host);

}  // namespace clarion::administration
