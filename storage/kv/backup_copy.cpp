#include "storage/kv/backup_copy.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "storage/kv/keys.h"

namespace clarion::storage {
namespace {

constexpr SteadyTime::duration slice_time = std::chrono::microseconds(500);
// What a long turn may be lengthened by: an eighth.
constexpr int turn_share = 8;
// Entries between two looks at the clock.
constexpr unsigned look_interval = 16;

// How long its own work takes, not what time it is: the one thing here that is no Clock's.
SteadyTime now() { return std::chrono::steady_clock::now(); }

/// At or after every key there can be.
std::string_view greatest_key() {
    static const std::string key(max_key_size, '\xff');
    return key;
}

}  // namespace

class BackupCopy::Recorded final : public WriteTransaction {
public:
    Recorded(BackupCopy& copy, std::unique_ptr<WriteTransaction> transaction)
        : copy_(copy), transaction_(std::move(transaction)) {}

    std::optional<std::string_view> get(Table table, std::string_view key) override {
        return transaction_->get(table, key);
    }
    std::optional<Entry> first(Table table, std::string_view from, std::string_view to) override {
        return transaction_->first(table, from, to);
    }
    std::optional<Entry> last(Table table, std::string_view from, std::string_view to) override {
        return transaction_->last(table, from, to);
    }
    void put(Table table, std::string_view key, std::string_view value) override {
        transaction_->put(table, key, value);
        record({static_cast<std::uint8_t>(table), false, key, value});
    }
    bool put_new(Table table, std::string_view key, std::string_view value) override {
        if (!transaction_->put_new(table, key, value)) return false;
        record({static_cast<std::uint8_t>(table), false, key, value});
        return true;
    }
    void erase(Table table, std::string_view key) override {
        record({static_cast<std::uint8_t>(table), true, key, {}});  // before `key` may go with it
        transaction_->erase(table, key);
    }
    void commit() override {
        transaction_->commit();
        if (count_ == 0) return;
        copy_.records_ += count_;
        copy_.stream_->put(std::move(changes_));
    }

private:
    void record(const BackupRecord& record) {
        if (copy_.over() || !copy_.is_reached(static_cast<Table>(record.table), record.key)) return;
        append_record(changes_, record);
        ++count_;
    }

    BackupCopy& copy_;
    const std::unique_ptr<WriteTransaction> transaction_;
    std::string changes_;
    std::uint64_t count_ = 0;
};

std::unique_ptr<WriteTransaction> BackupCopy::recorded(
    std::unique_ptr<WriteTransaction> transaction) {
    return std::make_unique<Recorded>(*this, std::move(transaction));
}

// What is behind a table's end at the time it was begun counts as reached: otherwise a log that
// grows as fast as it is copied would never be done.
bool BackupCopy::is_reached(Table table, std::string_view key) const {
    const auto number = static_cast<std::size_t>(table);
    if (number != table_) return number < table_;
    return begun_ && (key <= last_ || key > end_);
}

void BackupCopy::slice(Engine& engine, std::size_t written, SteadyTime::duration took) {
    if (!wants_slice()) return;
    // After a turn that took long, on a disk that syncs slowly say, time is the only bound.
    const auto time = std::max(slice_time, took / turn_share);
    const auto& limits = stream_->limits();
    const std::size_t bytes =
        time > slice_time ? std::max(limits.slice, limits.buffered) : limits.slice;
    const SteadyTime until = now() + time;
    try {
        const auto snapshot = engine.snapshot();
        copy_tables(*snapshot, bytes + written, until);
        if (table_ == table_count) finish(*snapshot);
    } catch (const EngineFailure& failure) {
        stream_->fail(failure.error());
    } catch (const std::exception& failure) {  // out of memory, say
        stream_->fail(fail("internal-server-error", std::string("backup: ") + failure.what()));
    }
}

void BackupCopy::copy_tables(Snapshot& snapshot, std::size_t bytes, SteadyTime until) {
    std::string payload;
    while (table_ < table_count && payload.size() < bytes && now() < until) {
        begin_table(snapshot);
        if (begun_) copy_table(snapshot, payload, bytes, until);
    }
    if (!payload.empty()) stream_->put(std::move(payload));
}

void BackupCopy::begin_table(Snapshot& snapshot) {
    if (begun_) return;
    const auto cursor = snapshot.cursor(static_cast<Table>(table_));
    last_.clear();
    end_.clear();
    begun_ = cursor->seek_before(greatest_key());
    if (begun_)
        end_ = cursor->entry().key;
    else
        ++table_;  // it is empty
}

void BackupCopy::copy_table(Snapshot& snapshot, std::string& payload, std::size_t bytes,
                            SteadyTime until) {
    const auto cursor = snapshot.cursor(static_cast<Table>(table_));
    bool more = cursor->seek(last_);
    if (more && cursor->entry().key == last_) more = cursor->next();
    unsigned looked_at = 0;
    for (; more && cursor->entry().key <= end_; more = cursor->next()) {
        const Entry entry = cursor->entry();
        append_record(payload, {static_cast<std::uint8_t>(table_), false, entry.key, entry.value});
        ++records_;
        last_ = entry.key;
        const bool late = ++looked_at % look_interval == 0 && now() >= until;
        if (late || payload.size() >= bytes) return;
    }
    begun_ = false;
    ++table_;
}

void BackupCopy::finish(Snapshot& snapshot) {
    BackupEnd end;
    end.records = records_;
    for (std::size_t i = 0; i < table_count; ++i)
        end.entries.push_back(snapshot.entries(static_cast<Table>(i)));
    stream_->finish(std::move(end));
}

}  // namespace clarion::storage
