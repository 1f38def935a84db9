// The clients of an account, as its user or an administrator sees them: what they are called, their
// sessions, and what is kept for them (push registrations). Sessions and what is kept belong to the
// same client if they have the same id: that of the SASL2 user agent, else the resource.
//
// Signing a client out ends its sessions, those that hibernate too, and removes what is kept for it.
// It does not change the password: a client that knows it can log in again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "server/core/events/client_events.h"

namespace clarion::core {

class Account;
class Context;

struct ClientSession {
    std::string resource;
    bool asleep = false;
    bool available = false;
    std::string address;      // of one that is connected
    WallTime asleep_since{};  // of one that is asleep
    WallTime expires{};
};

struct ClientView {
    std::string id;
    std::vector<ClientSession> sessions;
    std::vector<events::KeptForClient> kept;
};

struct SignedOut {
    std::size_t sessions = 0;
    std::size_t kept = 0;  // push registrations and the like
};

/// At the account's home. In order of their ids.
std::vector<ClientView> list_clients(Account& account);
/// At the account's home; nothing of either: there is no such client.
SignedOut sign_out_client(Account& account, std::string_view id);

/// The same from any shard. Errors: "item-not-found" (no such account, no such client).
Task<Result<std::vector<ClientView>>> clients_of(Context& here, Jid account);
/// `by`: for the log. Durable when it returns.
Task<Result<SignedOut>> sign_out(Context& here, Jid account, std::string id, std::string by);

}  // namespace clarion::core
