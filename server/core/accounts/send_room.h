// Drain: how those who send a client much at once (archive pages, offline messages) keep to its
// pace.
//
// A connection that passes [c2s] max_send_buffer is cut, and rightly so; a client that asks for
// much and reads slowly must not get there. On the account's shard; the account is pinned by the
// caller.
#pragma once

#include <cstdint>

#include "base/task.h"

namespace clarion::core {

class Account;
class Session;

/// Waits until a quarter of the send buffer at most is unsent. nullptr: the session is not
/// connected any more. The connection's send_timeout bounds the wait: a client that reads nothing
/// loses its connection.
Task<Session*> wait_for_send_room(Account& account, std::uint64_t session_number);

/// The same, for what may be more than the queue of what is unacknowledged can take: until that is
/// less than half full ([smacks] max_queue_size, max_queue_bytes), too.
Task<Session*> wait_for_queue_room(Account& account, std::uint64_t session_number);

}  // namespace clarion::core
