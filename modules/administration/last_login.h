// When a user was there last (XEP-0133, 4.9).
//
// What is kept is when they went (modules/last_activity), and for who sleeps since when: that is
// what an administrator wants to know of an account, and it costs nothing at a login. Nobody is told
// from where.
#pragma once

#include <string>

#include "base/task.h"
#include "proto/jid.h"

namespace clarion::core {
class Context;
}

namespace clarion::administration {

/// "online", a time (XEP-0082), "never", or "unknown". At the account's home, which has it in memory.
Task<std::string> find_last_login(core::Context& home, Jid account);

}  // namespace clarion::administration
