// KvStorage: Storage over an Engine: the repositories, the writer, the numbers never used before.
//
// The back ends make one. Owned by app; threads as storage.h says.
//
// Numbers (owners, log entries, spooled stanzas) come from atomics. Each start takes the next run
// number and commits it; numbers begin at run * 2^40 (or after the greatest in use, if that is
// more), so that none comes back even if everything that had them was removed meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/kv/backup_job.h"
#include "storage/kv/engine.h"
#include "storage/kv/expiry_kv.h"
#include "storage/kv/log_sweep.h"
#include "storage/kv/module_data_kv.h"
#include "storage/kv/repositories.h"
#include "storage/kv/writer.h"
#include "storage/storage.h"

namespace clarion::storage {

class KvStorage : public Storage {
public:
    Owners& owners() override { return owners_; }
    Accounts& accounts() override { return accounts_; }
    Rosters& rosters() override { return rosters_; }
    Archive& archive() override { return archive_; }
    Offline& offline() override { return offline_; }
    Sessions& sessions() override { return sessions_; }
    PendingPublishes& pending_publishes() override { return pending_publishes_; }
    ModuleData& module_data() override { return module_data_; }
    Deadlines& deadlines() override { return deadlines_; }
    Spool& spool() override { return spool_; }
    Expiry& expiry() override { return expiry_; }

    void set_commit_listener(unsigned shard, CommitListener listener) override;
    std::unique_ptr<Batch> begin() override;
    Token submit(unsigned shard, std::unique_ptr<Batch> batch) override;
    std::size_t backlog_bytes() const override;
    Result<> last_commit() const override { return writer_->last_commit(); }
    void when_backlog_below(std::size_t bytes, std::function<void()> fn) override;
    Result<std::string> installation_secret(std::string_view name, std::size_t size) override;
    Result<std::optional<ClockMark>> clock_mark() override;
    void put_clock_mark(Batch& batch, const ClockMark& mark) override;
    Result<> start_backup(BackupOrder order, BackupDone done) override;
    Result<Maintenance> maintain(const MaintenanceBudget& budget) override;
    void stop() override;

    /// Waits until all that was submitted is decided and its listeners returned. For tests and
    /// tools.
    void wait_until_idle() { writer_->wait_until_idle(); }
    /// What is below: for tests that look at, or damage, what is stored.
    Engine& engine() { return *engine_; }

    explicit KvStorage(std::unique_ptr<Engine> engine);
    ~KvStorage() override;

    /// Checks the format, takes a run number, starts the writer. Called once, before all else.
    Result<> start(std::size_t group_bytes, BatchHook hook = {});

private:
    Result<SweepStep> sweep_once();
    std::uint64_t take_run_number(WriteTransaction& transaction);
    void set_numbers(std::uint64_t run);

    std::unique_ptr<Engine> engine_;
    Numbers numbers_;
    OwnersKv owners_;
    AccountsKv accounts_;
    RostersKv rosters_;
    ArchiveKv archive_;
    OfflineKv offline_;
    SessionsKv sessions_;
    PendingPublishesKv pending_publishes_;
    ModuleDataKv module_data_;
    DeadlinesKv deadlines_;
    SpoolKv spool_;
    ExpiryKv expiry_;
    std::unique_ptr<Writer> writer_;  // its thread uses the engine
    std::mutex sweep_mutex_;
    std::unique_ptr<LogSweep> sweep_;  // the walk under way
    std::uint64_t sweeps_ = 0;
    std::mutex backup_mutex_;
    std::unique_ptr<BackupJob> backup_;  // last: its thread wakes the writer
    bool stopped_ = false;               // under backup_mutex_
};

}  // namespace clarion::storage
