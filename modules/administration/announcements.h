// What an administrator says to everybody who is online, from the host.
#pragma once

#include <cstdint>
#include <string>

#include "base/task.h"

namespace clarion::core {
class Context;
}

namespace clarion::administration {

/// To every available session of the host's accounts, on all shards. Returns to how many.
Task<std::uint64_t> announce_to(core::Context& here, std::string host, std::string text);

}  // namespace clarion::administration
