// AccountDirectory: the accounts of one shard: loaded on first use, kept while used, evicted when
// idle.
//
// While an account is being loaded, what wants it waits in order in a bounded inbox. Names that do
// not exist are remembered in a bounded negative cache, so that spam to unknown users costs no
// reads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/jid.h"
#include "server/core/account.h"
#include "server/runtime/unique_function.h"

namespace clarion::core {

class Core;

class AccountDirectory {
public:
    explicit AccountDirectory(Core& core);
    ~AccountDirectory();

    /// What a load found: the account, or why not ("item-not-found": no such account;
    /// "resource-constraint": its inbox is full; "internal-server-error": storage).
    using Ready = UniqueFunction<void(Result<Account*>)>;

    /// The account if it is loaded. REQUIRES (as for all of this class): this shard is its home.
    Account* find(std::string_view bare_jid);
    /// Calls `ready` with the account: now if it is loaded, else in order of asking once it is.
    void with(std::string_view bare_jid, Ready ready);
    /// The same for coroutines (AccountPin keeps it loaded). An account whose deletion has begun is
    /// not found.
    Task<Result<AccountPin>> load(std::string bare_jid);

    /// Creates an account. Errors: "conflict", "not-acceptable" (password), storage errors. Durable
    /// when it returns.
    Task<Result<>> create(Jid jid, std::string password);
    struct NewAccount {
        Jid jid;
        sasl::Credentials credentials;
    };
    /// Many at once, in one commit (import). Names that exist are left alone and returned.
    Task<Result<std::vector<Jid>>> create_all(std::vector<NewAccount> accounts);
    /// Durable when it returns. Whoever logged in with the old password must do so again: sessions
    /// end, hibernating ones too, and streams that are logging in; but not the session of that
    /// number, which changed it (0: none). Errors: "item-not-found" (also if it was deleted
    /// meanwhile), "not-acceptable" (password), storage errors.
    Task<Result<>> set_password(Jid jid, std::string password, std::uint64_t changed_by = 0);
    /// A disabled account cannot be logged in to, and has no sessions; all else goes on as for
    /// somebody who is away. Durable when it returns.
    Task<Result<>> set_disabled(Jid jid, bool disabled);
    /// Ends its sessions (not-authorized), fires AccountDeleted, removes all that is kept; the name
    /// is free when it returns.
    Task<Result<>> remove(Jid jid);

    /// Accounts that are not loaded but have hibernating sessions, by a hash of their name:
    /// presence for them is worth a load. Until hibernating_are_known() was called (start-up has
    /// read them all) the answer is yes for everybody.
    void note_hibernating(std::string_view bare_jid);
    bool may_have_hibernating(std::string_view bare_jid) const;
    void hibernating_are_known();

    /// Puts away accounts that are idle: no live session, nothing pinned, untouched for a while.
    void evict_idle(Duration idle);
    /// The same for the next of `slices` parts of the table, so that nobody waits for a walk over
    /// all of it, and for those that were let go.
    void evict_slice(Duration idle, std::size_t slices);
    /// It was loaded for a moment only: it is evicted with the next slice, or as soon after as
    /// nothing needs it.
    void evict_soon(std::string bare_jid);
    void for_each(const std::function<void(Account&)>& fn);
    std::size_t loaded() const;
    /// How many were evicted since the start.
    std::uint64_t evict() const;
    /// Loads (or reads) waiting for storage right now.
    std::size_t loading() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clarion::core
