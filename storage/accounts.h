// Accounts: who exists, how they prove it, and everything the stanza path needs of them in one
// read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "proto/sasl.h"
#include "storage/archive.h"
#include "storage/batch.h"
#include "storage/push_registrations.h"
#include "storage/rosters.h"
#include "storage/sessions.h"

namespace clarion::storage {

struct AccountRecord {
    AccountId id = AccountId::none;
    std::string jid;  // bare, prepared
    sasl::Credentials credentials;
    WallTime created{};
    bool disabled = false;
};

/// All that `core::Account` holds, read in one go when the account is loaded.
struct AccountSnapshot {
    AccountRecord record;
    std::vector<RosterItem> roster;
    std::uint64_t roster_version = 0;
    ArchivePreferences archive_preferences;
    ArchiveId last_archive_id = ArchiveId::none;
    std::uint64_t offline_count = 0;
    std::uint64_t last_offline_seq = 0;  // stored, or reserved in a queue of a hibernating session
    std::vector<PushRegistration> push_registrations;
    std::vector<HibernatingSession>
        hibernating_sessions;  // without their queues' bytes, see sessions.h
    std::vector<OnlineRecord> online_records;
    std::vector<std::string> blocklist;
};

class Accounts {
public:
    virtual ~Accounts() = default;

    /// The record alone (SASL). nullopt: no such account.
    virtual Task<Result<std::optional<AccountRecord>>> find(std::string bare_jid) = 0;
    /// Everything of the account. nullopt: no such account.
    virtual Task<Result<std::optional<AccountSnapshot>>> load(std::string bare_jid) = 0;
    /// The bare JID of an account id (deadlines name ids). nullopt: deleted meanwhile.
    virtual Task<Result<std::optional<std::string>>> name_of(AccountId id) = 0;
    /// Bare JIDs in order, after `after` (empty: from the start), of one domain or all (empty).
    virtual Task<Result<std::vector<std::string>>> list(std::string domain, std::string after,
                                                        std::size_t limit) = 0;
    virtual Task<Result<std::uint64_t>> count() = 0;

    /// A number no account had before. Any thread.
    virtual AccountId next_id() = 0;
    /// Creates or replaces the record. Creating a name that exists under another id fails the batch
    /// with "conflict".
    virtual void put(Batch& batch, const AccountRecord& record) = 0;
    /// Replaces the record of an account that exists. If it was removed meanwhile: nothing.
    virtual void replace(Batch& batch, const AccountRecord& record) = 0;
    /// Removes the account and everything kept under its id: roster, archive index, offline
    /// messages, hibernating sessions, push registrations, blocklist, deadlines. From then on
    /// whatever is written under its id, by any of the repositories, is passed over.
    virtual void remove(Batch& batch, const AccountRecord& record) = 0;
};

}  // namespace clarion::storage
