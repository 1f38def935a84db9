// PendingLogins: the streams of one shard between the moment they read their account's credentials
// and the session they bind or resume.
//
// If the password changes or the account is disabled or deleted in between, they know something
// that is true no more: they end, like the account's sessions. One per shard.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <string_view>

#include "server/core/accounts/session_end.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {

class C2sStream;

class PendingLogins {
public:
    /// Hears on the bus whose logins are revoked.
    explicit PendingLogins(EventBus& bus);
    /// The stream removes itself, at the latest when it is destroyed.
    void add(C2sStream& stream) { streams_.insert(&stream); }
    void remove(C2sStream& stream) { streams_.erase(&stream); }

private:
    void revoke(std::string_view bare_jid, SessionEnd why);

    boost::unordered_flat_set<C2sStream*> streams_;
};

}  // namespace clarion::core
