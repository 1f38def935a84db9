// Contacts made by an invitation: both see each other's presence, without anybody being asked.
#pragma once

#include "base/task.h"
#include "proto/jid.h"
#include "server/core/accounts/subscription.h"

namespace clarion::core {
class Account;
class Context;
}  // namespace clarion::core

namespace clarion::registration::invitations {

/// Two accounts of this server become contacts of each other; their clients get roster pushes. Any
/// shard. Not if the roster of `inviter` is full, or one of the two is gone: the log says so.
Task<> befriend(core::Context& here, Jid inviter, Jid newcomer);

/// What becomes of somebody's request that an invitation of the account's answers (XEP-0379, 3.5):
/// it is granted, and the account asks in turn unless it sees them.
struct Granted {
    core::SubscriptionState state;
    bool asks = false;

    bool operator==(const Granted&) const = default;
};
Granted grant(core::SubscriptionState before);

/// Does that, in the account's name, and answers the request of that id. At its home.
void grant_request(core::Account& account, const Jid& contact, std::string_view id);

}  // namespace clarion::registration::invitations
