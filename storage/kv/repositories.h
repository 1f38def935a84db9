// The repositories over an Engine: what each interface of storage/ says, in keys and records.
//
// Which table has what is in docs/formats.md. Owned by KvStorage. Writing functions only add to the
// given batch, which must be a KvBatch; any shard may call them for its own. Reading functions take
// a snapshot, read and return without suspending, except ArchiveKv::query(), which lets its shard
// go on with other work between slices of a long search.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/accounts.h"
#include "storage/archive.h"
#include "storage/deadlines.h"
#include "storage/kv/engine.h"
#include "storage/kv/kv_batch.h"
#include "storage/kv/owners_kv.h"
#include "storage/offline_messages.h"
#include "storage/pending_publishes.h"
#include "storage/rosters.h"
#include "storage/sessions.h"
#include "storage/spool.h"

namespace clarion::storage {

/// The next number of each kind (kv_storage.h).
struct Numbers {
    std::atomic<std::uint64_t> owner{1};
    std::atomic<std::uint64_t> log{1};
    std::atomic<std::uint64_t> spool{1};
    std::uint64_t run = 0;  // of this start
};

/// Fills in the bytes of a stanza that is kept as a reference. False: its log entry expired.
bool resolve(Snapshot& snapshot, KeptStanza& stanza);
/// What to write for it; the batch then brings the log entry it refers to, or requires it.
std::string encode_kept(KvBatch& batch, const KeptStanza& stanza);

class AccountsKv final : public Accounts {
public:
    AccountsKv(Engine& engine, OwnersKv& owners) : engine_(engine), owners_(owners) {}
    Task<Result<std::optional<AccountRecord>>> find(std::string bare_jid) override;
    Task<Result<std::optional<AccountSnapshot>>> load(std::string bare_jid) override;
    void put(Batch& batch, const AccountRecord& record) override;
    void replace(Batch& batch, const AccountRecord& record) override;
    void remove(Batch& batch, const AccountRecord& record) override;

private:
    Engine& engine_;
    OwnersKv& owners_;
};

class RostersKv final : public Rosters {
public:
    void put(Batch& batch, AccountId account, const RosterItem& item,
             std::uint64_t version) override;
    void remove(Batch& batch, AccountId account, std::string_view jid,
                std::uint64_t version) override;
};

class ArchiveKv final : public Archive {
public:
    ArchiveKv(Engine& engine, Numbers& numbers) : engine_(engine), numbers_(numbers) {}
    LogId next_log_id() override;
    void put_index(Batch& batch, OwnerId owner, const ArchiveEntry& entry) override;
    void replace(Batch& batch, OwnerId owner, const ArchiveEntry& entry) override;
    Task<Result<ArchivePage>> query(ArchiveQuery query) override;
    Task<Result<std::optional<ArchiveBounds>>> bounds(OwnerId owner) override;
    Task<Result<std::optional<std::string>>> read_log(LogId id) override;
    Task<Result<WallTime>> newest_log_time() override;

private:
    Engine& engine_;
    Numbers& numbers_;
};

class OfflineKv final : public Offline {
public:
    explicit OfflineKv(Engine& engine) : engine_(engine) {}
    std::uint32_t put(Batch& batch, AccountId account, std::uint64_t seq,
                      const KeptStanza& stanza) override;
    void remove(Batch& batch, AccountId account, std::uint64_t seq) override;
    void remove_up_to(Batch& batch, AccountId account, std::uint64_t seq) override;
    Task<Result<OfflinePage>> read(AccountId account, std::uint64_t after_seq,
                                   PageSize size) override;

private:
    Engine& engine_;
};

class SessionsKv final : public Sessions {
public:
    SessionsKv(Engine& engine, const Numbers& numbers) : engine_(engine), numbers_(numbers) {}
    void put(Batch& batch, AccountId account, const HibernatingSession& session) override;
    void remove(Batch& batch, AccountId account, std::uint64_t session) override;
    void put_queued(Batch& batch, AccountId account, std::uint64_t session,
                    const QueuedStanza& stanza) override;
    void remove_queued(Batch& batch, AccountId account, std::uint64_t session,
                       std::uint32_t seq) override;
    Task<Result<std::vector<QueuedStanza>>> read_queue(AccountId account, std::uint64_t session,
                                                       std::uint32_t acked_out,
                                                       std::uint32_t skipped,
                                                       std::size_t max_bytes) override;
    void put_online(Batch& batch, AccountId account, const OnlineRecord& record) override;
    void remove_online(Batch& batch, AccountId account, std::uint64_t session) override;
    void put_directed(Batch& batch, AccountId account, std::uint64_t session,
                      const DirectedPresence& directed) override;
    void remove_directed(Batch& batch, AccountId account, std::uint64_t session,
                         std::string_view address) override;
    void remove_all_directed(Batch& batch, AccountId account, std::uint64_t session) override;
    Task<Result<std::vector<AccountId>>> accounts_with_online_records(PartitionSet partitions,
                                                                      AccountId after,
                                                                      std::size_t limit) override;

private:
    Engine& engine_;
    const Numbers& numbers_;
};

class PendingPublishesKv final : public PendingPublishes {
public:
    explicit PendingPublishesKv(Engine& engine) : engine_(engine) {}
    void put(Batch& batch, AccountId account, const PendingPublish& pending,
             std::string_view xml) override;
    void remove(Batch& batch, AccountId account, std::uint64_t registration) override;
    Task<Result<std::vector<PendingPublishEntry>>> read(PartitionSet partitions,
                                                        AccountId after_account,
                                                        std::uint64_t after_registration,
                                                        std::size_t limit) override;

private:
    Engine& engine_;
};

class DeadlinesKv final : public Deadlines {
public:
    explicit DeadlinesKv(Engine& engine) : engine_(engine) {}
    void put(Batch& batch, const Deadline& deadline) override;
    void remove(Batch& batch, const Deadline& deadline) override;
    Task<Result<std::vector<Deadline>>> due(PartitionSet partitions, LastingTime until,
                                            std::size_t limit,
                                            std::optional<Deadline> after) override;

private:
    Engine& engine_;
};

class SpoolKv final : public Spool {
public:
    SpoolKv(Engine& engine, Numbers& numbers) : engine_(engine), numbers_(numbers) {}
    std::uint64_t next_seq() override;
    void put(Batch& batch, std::string_view domain, const SpooledStanza& stanza) override;
    void remove(Batch& batch, std::string_view domain, std::uint64_t seq) override;
    Task<Result<std::vector<SpooledStanza>>> read(std::string domain, std::uint64_t after,
                                                  PageSize size) override;
    Task<Result<std::vector<std::string>>> domains(PartitionSet partitions) override;

private:
    Engine& engine_;
    Numbers& numbers_;
};

}  // namespace clarion::storage
