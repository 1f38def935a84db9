// Accounts made by people who have none: from a client (XEP-0077), or with an invitation.
#pragma once

#include <string>

#include "base/task.h"
#include "proto/jid.h"
#include "server/core/events/account_events.h"

namespace clarion::core {
class Context;
}

namespace clarion::registration {

struct Newcomer {
    Jid jid;  // bare, at a host of ours
    std::string password;
    std::string network{};  // ConnectionInfo::network
    /// Somebody of the host invited them: other limits of accounts per network, or none.
    events::Invited invited = events::Invited::no;
    /// By an invitation for this very name: what keeps a name from others does not from them.
    bool name_is_theirs = false;
};

/// Whether nobody has that name, and nothing keeps it from newcomers: a tombstone, somebody's
/// invitation, or that the configuration makes it an administrator's. Any shard. Storage errors.
Task<Result<bool>> is_free(core::Context& context, Jid jid);

/// Any shard; durable when it returns. Which names are taken is as hard to find out as a password.
/// Errors: "conflict" (it is, after a pause), "resource-constraint" (not so many attempts or
/// accounts), "not-acceptable" (password), and what modules refuse it with (AccountRegistering).
Task<Result<>> make_account(core::Context& context, Newcomer newcomer);

}  // namespace clarion::registration
