#include "storage/kv/kv_storage.h"

#include <algorithm>
#include <utility>

#include "proto/crypto.h"
#include "storage/kv/format.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// The first number of the last key of a table, 0 if it is empty.
std::uint64_t last_number(Snapshot& snapshot, Table table) {
    const auto cursor = snapshot.cursor(table);
    return cursor->seek_before(Key().u64(UINT64_MAX)) ? key_u64(cursor->entry().key, 0) : 0;
}

}  // namespace

KvStorage::KvStorage(std::unique_ptr<Engine> engine)
    : engine_(std::move(engine)),
      owners_(*engine_, numbers_.owner),
      accounts_(*engine_, owners_),
      archive_(*engine_, numbers_),
      offline_(*engine_),
      sessions_(*engine_, numbers_),
      pending_publishes_(*engine_),
      module_data_(*engine_),
      deadlines_(*engine_),
      spool_(*engine_, numbers_),
      expiry_(*engine_) {}

KvStorage::~KvStorage() {
    if (writer_) KvStorage::stop();
}

Result<> KvStorage::start(std::size_t group_bytes, BatchHook hook) {
    try {
        const auto transaction = engine_->begin_write();
        const auto stored = transaction->get(Table::meta, format_key);
        if (auto known = check_stored_format(stored); !known) return known;
        if (!stored) transaction->put(Table::meta, format_key, encode_number(format_version));
        const std::uint64_t run = take_run_number(*transaction);
        transaction->commit();
        set_numbers(run);
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
    writer_ = std::make_unique<Writer>(*engine_, group_bytes, std::move(hook));
    return {};
}

std::uint64_t KvStorage::take_run_number(WriteTransaction& transaction) {
    const auto stored = transaction.get(Table::meta, run_key);
    const std::uint64_t run = stored ? decoded(decode_number(*stored)) + 1 : 1;
    transaction.put(Table::meta, run_key, encode_number(run));
    return run;
}

void KvStorage::set_numbers(std::uint64_t run) {
    const auto snapshot = engine_->snapshot();
    const std::uint64_t start = run << run_shift;
    const std::uint64_t last_owner = last_number(*snapshot, Table::owners);
    numbers_.owner = std::max(start, last_owner + partition_count) >> partition_bits;
    numbers_.run = run;
    numbers_.log = std::max(start, last_number(*snapshot, Table::log) + 1);
    numbers_.spool = start;
}

void KvStorage::set_commit_listener(unsigned shard, CommitListener listener) {
    writer_->set_listener(shard, std::move(listener));
}

std::unique_ptr<Batch> KvStorage::begin() { return std::make_unique<KvBatch>(); }

Token KvStorage::submit(unsigned shard, std::unique_ptr<Batch> batch) {
    return writer_->submit(shard, std::unique_ptr<KvBatch>(static_cast<KvBatch*>(batch.release())));
}

std::size_t KvStorage::backlog_bytes() const { return writer_->backlog_bytes(); }

void KvStorage::when_backlog_below(std::size_t bytes, std::function<void()> fn) {
    writer_->when_backlog_below(bytes, std::move(fn));
}

Result<std::string> KvStorage::installation_secret(std::string_view name, std::size_t size) {
    Key key;
    key.bytes("secret/").text(name, 400);
    try {
        const auto transaction = engine_->begin_write();
        if (const auto secret = transaction->get(Table::meta, key)) return std::string(*secret);
        const std::string secret = crypto::random_bytes(size);
        transaction->put(Table::meta, key, secret);
        transaction->commit();
        return secret;
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
}

Result<std::optional<ClockMark>> KvStorage::clock_mark() {
    return read_snapshot(*engine_, [](Snapshot& snapshot) -> std::optional<ClockMark> {
        const auto stored = snapshot.get(Table::meta, clock_key);
        if (!stored) return std::nullopt;
        return decoded(decode_clock_mark(*stored));
    });
}

void KvStorage::put_clock_mark(Batch& batch, const ClockMark& mark) {
    static_cast<KvBatch&>(batch).put(Table::meta, clock_key, encode(mark));
}

Result<Maintenance> KvStorage::maintain(const MaintenanceBudget& budget) {
    const std::lock_guard lock(sweep_mutex_);
    if (!sweep_) sweep_ = std::make_unique<LogSweep>(*engine_, ++sweeps_, budget.before);
    const std::uint64_t erased_before = sweep_->erased();
    Maintenance done{.more = true};
    for (unsigned slice = 0; slice < budget.slices && done.more; ++slice) {
        const auto step = sweep_once();
        if (!step) {
            sweep_ = nullptr;
            return step.error();
        }
        done.more = *step != SweepStep::done;
    }
    done.erased = sweep_->erased() - erased_before;
    if (!done.more) sweep_ = nullptr;
    return done;
}

/// One turn of the walk: reads a slice, or writes one and waits until it is committed.
Result<SweepStep> KvStorage::sweep_once() {
    const auto step = sweep_->look();
    if (!step || *step != SweepStep::write) return step;
    auto batch = std::make_unique<KvBatch>();
    sweep_->write(*batch);
    if (auto failed = writer_->commit(std::move(batch))) return *failed;
    return step;
}

Result<> KvStorage::start_backup(BackupOrder order, BackupDone done) {
    const std::lock_guard lock(backup_mutex_);
    if (stopped_) return fail("cancelled", "the server is stopping");
    if (backup_ && !backup_->finished())
        return fail(error_code::conflict, "a backup is under way already; one at a time");
    backup_ =
        std::make_unique<BackupJob>(std::move(order), std::move(done), [this] { writer_->wake(); });
    writer_->start_copy(backup_->stream());
    return {};
}

void KvStorage::stop() {
    {
        const std::lock_guard lock(backup_mutex_);
        stopped_ = true;
        if (backup_) backup_->abandon();
    }
    writer_->stop();
}

}  // namespace clarion::storage
