// How much memory accounts and sessions hold, for clarion_memory_bytes: computed when somebody
// asks, so that it costs nothing else.
//
// Objects and what they own are counted as the allocator counts them (base/memory.h). A stanza that
// several hold is shared out between them; what modules keep behind their slots is left out.
#pragma once

#include <cstddef>

namespace clarion::core {

class Account;
class Session;

/// Without its sessions.
std::size_t memory_of(Account& account);
/// With what waits in it or is not acknowledged yet.
std::size_t memory_of(Session& session);

}  // namespace clarion::core
