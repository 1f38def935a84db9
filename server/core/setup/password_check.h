// Whether somebody knows an account's password, for who is asked over HTTP and not by SASL. As slow
// for whom guesses as a login of a client, and counted together with those (LoginThrottle).
#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"

namespace clarion::core {

class Context;

/// A mark of the account's credentials as they are now: another one after the password has changed,
/// or the account was made anew. Errors: "not-authorized" (a wrong password, no such account, a
/// disabled one: nobody learns which), "resource-constraint" (too many attempts), storage errors.
/// `network`: HttpPeer::network. Any shard.
Task<Result<std::string>> check_password(Context& here, Jid account, std::string password,
                                         std::string network);

/// The same mark of an account that may log in. Errors: "not-authorized" (it may not, or is not
/// there), storage errors. Any shard.
Task<Result<std::string>> credentials_mark(Context& here, Jid account);

}  // namespace clarion::core
