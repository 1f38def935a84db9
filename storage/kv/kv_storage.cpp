#include "storage/kv/kv_storage.h"

#include <algorithm>
#include <utility>

#include "proto/crypto.h"
#include "storage/kv/read.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// Of the file as a whole: which tables there are and how their keys are made.
constexpr std::uint64_t format_version = 1;
constexpr int run_shift = 40;

constexpr std::string_view format_key = "format";
constexpr std::string_view run_key = "run";

/// The first number of the last key of a table, 0 if it is empty.
std::uint64_t last_number(Snapshot& snapshot, Table table) {
    const auto cursor = snapshot.cursor(table);
    return cursor->seek_before(Key().u64(UINT64_MAX)) ? key_u64(cursor->entry().key, 0) : 0;
}

}  // namespace

KvStorage::KvStorage(std::unique_ptr<Engine> engine)
    : engine_(std::move(engine)),
      accounts_(*engine_, numbers_),
      archive_(*engine_, numbers_),
      offline_(*engine_),
      sessions_(*engine_),
      deadlines_(*engine_),
      spool_(*engine_, numbers_),
      expiry_(*engine_) {}

KvStorage::~KvStorage() {
    if (writer_) writer_->stop();
}

Result<> KvStorage::start(std::size_t group_bytes, BatchHook hook) {
    try {
        const auto transaction = engine_->begin_write();
        check_format(*transaction);
        const std::uint64_t run = take_run_number(*transaction);
        transaction->commit();
        set_numbers(run);
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
    writer_ = std::make_unique<Writer>(*engine_, group_bytes, std::move(hook));
    return {};
}

void KvStorage::check_format(WriteTransaction& transaction) {
    const auto stored = transaction.get(Table::meta, format_key);
    if (!stored) return transaction.put(Table::meta, format_key, encode_number(format_version));
    const std::uint64_t format = decoded(decode_number(*stored));
    if (format == format_version) return;
    throw EngineFailure(fail("unsupported-format",
                             "has format " + std::to_string(format) +
                                 ", this server reads format " + std::to_string(format_version) +
                                 "; use the version of Clarion that wrote it, or a newer one"));
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
    numbers_.account = std::max(start, last_number(*snapshot, Table::accounts) + 1);
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

void KvStorage::stop() { writer_->stop(); }

}  // namespace clarion::storage
