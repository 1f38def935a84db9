// AccountRegistry: accounts made, changed and deleted, on their home shard. What it does is durable
// when it returns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "proto/sasl.h"
#include "server/runtime/signal.h"
#include "storage/accounts.h"

namespace clarion::core {

class Account;
class Context;
enum class SessionEnd : std::uint8_t;

class AccountRegistry {
public:
    explicit AccountRegistry(Context& context) : context_(context) {}

    // Who finds that the account is not at home here any more gets "moved" from all of these, and
    // nothing was done (core/setup/remote_call.h).

    /// Errors: "conflict", "not-acceptable" (password), storage errors.
    Task<Result<>> create(Jid jid, std::string password);
    struct NewAccount {
        Jid jid;
        sasl::Credentials credentials;
    };
    /// What of many was not created.
    struct LeftOut {
        std::vector<Jid> existing;      // there is one of that name
        std::vector<NewAccount> moved;  // not at home here any more
    };
    /// Many at once, in one commit (core/setup/import_accounts.h).
    Task<Result<LeftOut>> create_all(std::vector<NewAccount> accounts);
    /// Whoever logged in with the old password must do so again: sessions end, hibernating ones
    /// too, and streams that are logging in; but not the session of that number, which changed it
    /// (0: none). Errors: "item-not-found" (also if it was deleted meanwhile), "not-acceptable"
    /// (password), storage errors.
    Task<Result<>> set_password(Jid jid, std::string password, std::uint64_t changed_by = 0);
    /// A disabled account cannot be logged in to, and has no sessions; all else goes on as for
    /// somebody who is away.
    Task<Result<>> set_disabled(Jid jid, bool disabled);
    /// Whether it administers its host (core/accounts/administrators.h).
    Task<Result<>> set_administrator(Jid jid, bool administrator);
    /// Ends its sessions (not-authorized), fires AccountDeleted, removes all that is kept; the name
    /// is free when it returns.
    Task<Result<>> remove(Jid jid);

private:
    /// The one place that changes the record of an account that exists; one change at a time.
    using Change = std::function<void(storage::AccountRecord&)>;
    Task<Result<>> change_record(Account& account, Change change);
    /// Whoever logged in before must do so again.
    void revoke_logins(Account& account, SessionEnd why, std::uint64_t except = 0);

    Context& context_;
    std::unordered_set<std::string> changing_;  // names whose record is being changed
    Signal changed_;                            // that one of them is not any more
};

}  // namespace clarion::core
