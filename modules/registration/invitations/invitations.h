// Invitations: what others do with them. Any shard.
//
//     Presented presented{host, token, network};
//     const auto shown = co_await look_up(here, presented);       // without using it
//     const auto made = co_await register_account(here, presented, name, password);
//
// Of a token that is not valid, or not any more, they say "item-not-found", as slowly as of a wrong
// password; "resource-constraint": too many attempts from that network. On hosts without the module
// no token is valid.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "modules/registration/invitations/invitation.h"
#include "proto/jid.h"

namespace clarion::core {
class Context;
}

namespace clarion::registration::invitations {

// ---- To make one -------------------------------------------------------------------------------

struct Wish {
    Kind kind = Kind::account;
    std::string host{};     // of ours
    std::string inviter{};  // bare; empty: the operator
    std::string account{};  // localpart, prepared: as Invitation::account
    bool befriends = false;
    bool registers = true;
    Duration expires_after{};  // zero: as the options say
    std::uint32_t most_uses = 1;
};

struct Created {
    Invitation invitation;
    std::string id;
    std::string token;  // shown once
    std::string uri;
    std::string url;  // of a page for browsers; empty: nothing listens
    WallTime expires;
};

/// Durable when it returns. `by`: for the log. Errors: "conflict" (the name is taken or reserved),
/// "item-not-found" (a reset: there is no such account; no invitations there), "not-acceptable",
/// "resource-constraint", storage errors.
Task<Result<Created>> create(core::Context& here, Wish wish, std::string by);

/// A contact invitation of a user, as they may make it: a wish for create().
Task<Wish> wish_of_user(core::Context& here, Jid user);

struct Listed {
    std::string id;
    Invitation invitation;
};
/// Those of a host that are open, oldest first. Errors: "item-not-found" (no invitations there),
/// storage errors.
Task<Result<std::vector<Listed>>> list(core::Context& here, std::string host);
/// By its id, or some of the key that begins with it. Errors: also "item-not-found" (there is none),
/// "conflict" (several begin so).
Task<Result<Listed>> revoke(core::Context& here, std::string host, std::string id, std::string by);

// ---- With a token, by somebody who has not logged in -------------------------------------------

struct Presented {
    std::string host;
    std::string token;
    std::string network;  // ConnectionInfo::network
};

/// What somebody who has the token may know.
struct Shown {
    Kind kind = Kind::account;
    std::string host;
    std::string inviter{};  // bare; empty: the operator
    std::string account{};  // as Invitation::account
    bool registers = false;
    WallTime expires{};
};

Task<Result<Shown>> look_up(core::Context& here, Presented presented);

/// Whether an account may be made under this name with it. Error also "not-acceptable": no name.
Task<Result<bool>> is_name_free(core::Context& here, Presented presented, std::string name);

/// Makes the account, and contacts of it and of who invited them. Errors also those of
/// make_account(), "conflict" (somebody else has the last use in hands), "not-acceptable" (another
/// name is reserved, or the password).
Task<Result<Jid>> register_account(core::Context& here, Presented presented, std::string name,
                                   std::string password);

/// Sets the password: whoever is logged in to the account must log in again. Errors also
/// "not-acceptable" (password).
Task<Result<Jid>> reset_password(core::Context& here, Presented presented, std::string password);

// ---- For the other parts of registration -------------------------------------------------------

/// What a stream does that has presented a token in time (XEP-0445): makes the account, or, with a
/// token for that, sets its password.
struct Acceptance {
    std::string key;  // key_of_token()
    Jid jid;
    std::string password;
    std::string network;
};
Task<Result<>> accept_presented(core::Context& here, Acceptance acceptance);

/// Under which the invitation is kept, if it is good for making an account or setting its password.
Task<Result<std::string>> check_presented(core::Context& here, Presented presented);

/// Whether an open invitation keeps this name for somebody.
Task<Result<bool>> is_reserved(core::Context& here, Jid jid);

}  // namespace clarion::registration::invitations
