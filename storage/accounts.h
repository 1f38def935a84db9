// Accounts: owners (storage/owners.h) that log in: how they prove who they are, and everything the
// stanza path needs of them in one read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "proto/sasl.h"
#include "storage/batch.h"
#include "storage/offline_messages.h"
#include "storage/resident_data.h"
#include "storage/rosters.h"
#include "storage/sessions.h"

namespace clarion::storage {

struct AccountRecord {
    AccountId id = AccountId::none;
    std::string jid;  // bare, prepared
    sasl::Credentials credentials;
    WallTime created{};
    bool disabled = false;
    bool administrator = false;  // of its host
};

/// All that `core::Account` holds, read in one go when the account is loaded.
struct AccountSnapshot {
    AccountRecord record;
    std::vector<RosterItem> roster;
    std::uint64_t roster_version = 0;
    ArchiveId last_archive_id = ArchiveId::none;
    std::vector<OfflineEntry> offline;   // without what they say
    std::uint64_t last_offline_seq = 0;  // stored, or reserved in a queue of a hibernating session
    std::vector<HibernatingSession>
        hibernating_sessions;  // without their queues' bytes, see sessions.h
    std::vector<OnlineRecord> online_records;
    ResidentData resident;  // of modules
};

class Accounts {
public:
    virtual ~Accounts() = default;

    /// The record alone (SASL). nullopt: no such account.
    virtual Task<Result<std::optional<AccountRecord>>> find(std::string bare_jid) = 0;
    /// Everything of the account. nullopt: no such account.
    virtual Task<Result<std::optional<AccountSnapshot>>> load(std::string bare_jid) = 0;

    /// Creates or replaces the record. Creating a name that exists under another id fails the batch
    /// with "conflict". A new id: Owners::next_id().
    virtual void put(Batch& batch, const AccountRecord& record) = 0;
    /// Replaces the record of an account that exists. If it was removed meanwhile: nothing.
    virtual void replace(Batch& batch, const AccountRecord& record) = 0;
    /// Removes the account as Owners::remove() does any owner: roster, archive index, offline
    /// messages, hibernating sessions, data of modules, deadlines.
    virtual void remove(Batch& batch, const AccountRecord& record) = 0;
};

}  // namespace clarion::storage
