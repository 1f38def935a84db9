#include "storage/lmdb/lmdb_engine.h"

#include <lmdb.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "storage/kv/format.h"
#include "storage/lmdb/file_check.h"

namespace clarion::storage {
namespace {

constexpr unsigned max_readers = 512;
constexpr std::size_t smallest_map = std::size_t{1} << 26;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// The sanitizers keep shadow memory for what is mapped.
constexpr std::size_t largest_map = std::size_t{1} << 34;
#else
constexpr std::size_t largest_map = SIZE_MAX;
#endif

bool is_lack_of_space(int code) {
    return code == MDB_MAP_FULL || code == MDB_TXN_FULL || code == ENOSPC || code == EDQUOT ||
           code == EFBIG || code == ENOMEM;
}

Error lmdb_error(int code) {
    return fail(is_lack_of_space(code) ? "resource-constraint" : "internal-server-error",
                std::string("storage: ") + mdb_strerror(code));
}

void check(int code) {
    if (code != MDB_SUCCESS) throw EngineFailure(lmdb_error(code));
}

/// Like check(), but false if there is no such entry.
bool found(int code) {
    if (code == MDB_NOTFOUND) return false;
    check(code);
    return true;
}

MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

std::string_view view_of(const MDB_val& value) {
    return {static_cast<const char*>(value.mv_data), value.mv_size};
}

using Databases = std::array<MDB_dbi, table_count>;

/// A table that a database opened to be read does not have.
constexpr MDB_dbi no_database = UINT_MAX;

MDB_dbi database(const Databases& databases, Table table) {
    return databases[static_cast<std::size_t>(table)];
}

class LmdbCursor final : public Cursor {
public:
    LmdbCursor(MDB_txn* transaction, MDB_dbi database) {
        if (database != no_database) check(mdb_cursor_open(transaction, database, &cursor_));
    }
    ~LmdbCursor() override {
        if (cursor_) mdb_cursor_close(cursor_);
    }
    LmdbCursor(const LmdbCursor&) = delete;
    LmdbCursor& operator=(const LmdbCursor&) = delete;

    bool seek(std::string_view key) override {
        if (key.empty()) return move(MDB_FIRST);  // LMDB has no empty keys
        key_ = value_of(key);
        return move(MDB_SET_RANGE);
    }
    bool seek_before(std::string_view key) override {
        return seek(key) ? move(MDB_PREV) : move(MDB_LAST);
    }
    bool next() override { return move(MDB_NEXT); }
    bool previous() override { return move(MDB_PREV); }
    Entry entry() const override { return {view_of(key_), view_of(value_)}; }

private:
    bool move(MDB_cursor_op op) {
        return cursor_ && found(mdb_cursor_get(cursor_, &key_, &value_, op));
    }

    MDB_cursor* cursor_ = nullptr;
    MDB_val key_{}, value_{};
};

std::optional<std::string_view> get_value(MDB_txn* transaction, MDB_dbi database,
                                          std::string_view key) {
    MDB_val lmdb_key = value_of(key), value{};
    if (database == no_database) return std::nullopt;
    if (!found(mdb_get(transaction, database, &lmdb_key, &value))) return std::nullopt;
    return view_of(value);
}

/// Read transactions that wait to be used again: beginning one anew takes a lock and a reader slot.
class ReadPool {
public:
    explicit ReadPool(MDB_env* environment) : environment_(environment) {}
    ~ReadPool() {
        for (MDB_txn* transaction : idle_) mdb_txn_abort(transaction);
    }
    ReadPool(const ReadPool&) = delete;
    ReadPool& operator=(const ReadPool&) = delete;

    MDB_txn* take() {
        MDB_txn* transaction = take_idle();
        if (!transaction) {
            check(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
        } else if (const int code = mdb_txn_renew(transaction); code != MDB_SUCCESS) {
            mdb_txn_abort(transaction);
            check(code);
        }
        return transaction;
    }
    void redeliver(MDB_txn* transaction) {
        mdb_txn_reset(transaction);
        const std::lock_guard lock(mutex_);
        idle_.push_back(transaction);
    }

private:
    MDB_txn* take_idle() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return nullptr;
        MDB_txn* transaction = idle_.back();
        idle_.pop_back();
        return transaction;
    }

    MDB_env* const environment_;
    std::mutex mutex_;
    std::vector<MDB_txn*> idle_;
};

class LmdbSnapshot final : public Snapshot {
public:
    LmdbSnapshot(ReadPool& pool, const Databases& databases)
        : pool_(pool), databases_(databases), transaction_(pool.take()) {}
    ~LmdbSnapshot() override { pool_.redeliver(transaction_); }
    LmdbSnapshot(const LmdbSnapshot&) = delete;
    LmdbSnapshot& operator=(const LmdbSnapshot&) = delete;

    std::optional<std::string_view> get(Table table, std::string_view key) override {
        return get_value(transaction_, database(databases_, table), key);
    }
    std::unique_ptr<Cursor> cursor(Table table) override {
        return std::make_unique<LmdbCursor>(transaction_, database(databases_, table));
    }
    std::uint64_t entries(Table table) override {
        MDB_stat status{};
        const MDB_dbi number = database(databases_, table);
        if (number != no_database) check(mdb_stat(transaction_, number, &status));
        return status.ms_entries;
    }

private:
    ReadPool& pool_;
    const Databases& databases_;
    MDB_txn* const transaction_;
};

class LmdbWrite final : public WriteTransaction {
public:
    LmdbWrite(MDB_env* environment, const Databases& databases) : databases_(databases) {
        check(mdb_txn_begin(environment, nullptr, 0, &transaction_));
    }
    ~LmdbWrite() override {
        if (transaction_) mdb_txn_abort(transaction_);
    }
    LmdbWrite(const LmdbWrite&) = delete;
    LmdbWrite& operator=(const LmdbWrite&) = delete;

    std::optional<std::string_view> get(Table table, std::string_view key) override {
        return get_value(transaction_, database(databases_, table), key);
    }
    std::optional<Entry> first(Table table, std::string_view from, std::string_view to) override {
        LmdbCursor cursor(transaction_, database(databases_, table));
        if (!cursor.seek(from) || cursor.entry().key >= to) return std::nullopt;
        return cursor.entry();
    }
    std::optional<Entry> last(Table table, std::string_view from, std::string_view to) override {
        LmdbCursor cursor(transaction_, database(databases_, table));
        if (!cursor.seek_before(to) || cursor.entry().key < from) return std::nullopt;
        return cursor.entry();
    }
    void put(Table table, std::string_view key, std::string_view value) override {
        MDB_val lmdb_key = value_of(key), lmdb_value = value_of(value);
        check(mdb_put(transaction_, database(databases_, table), &lmdb_key, &lmdb_value, 0));
    }
    bool put_new(Table table, std::string_view key, std::string_view value) override {
        MDB_val lmdb_key = value_of(key), lmdb_value = value_of(value);
        const int code = mdb_put(transaction_, database(databases_, table), &lmdb_key, &lmdb_value,
                                 MDB_NOOVERWRITE);
        if (code == MDB_KEYEXIST) return false;
        check(code);
        return true;
    }
    void erase(Table table, std::string_view key) override {
        MDB_val lmdb_key = value_of(key);
        found(mdb_del(transaction_, database(databases_, table), &lmdb_key, nullptr));
    }
    void commit() override {
        MDB_txn* const transaction = std::exchange(transaction_, nullptr);
        check(mdb_txn_commit(transaction));  // frees it whatever comes of it
    }

private:
    const Databases& databases_;
    MDB_txn* transaction_ = nullptr;
};

struct CloseEnvironment {
    void operator()(MDB_env* environment) const { mdb_env_close(environment); }
};
using Environment = std::unique_ptr<MDB_env, CloseEnvironment>;

class LmdbEngine final : public Engine {
public:
    LmdbEngine(Environment environment, const Databases& databases)
        : environment_(std::move(environment)), databases_(databases), pool_(environment_.get()) {}

    std::unique_ptr<Snapshot> snapshot() override {
        return std::make_unique<LmdbSnapshot>(pool_, databases_);
    }
    std::unique_ptr<WriteTransaction> begin_write() override {
        return std::make_unique<LmdbWrite>(environment_.get(), databases_);
    }

private:
    Environment environment_;
    const Databases databases_;
    ReadPool pool_;
};

Result<> make_directory(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return fail("unreadable", "cannot create " + directory + ": " + std::strerror(errno));
}

/// One attempt, with one size of map.
int open_environment(const std::string& directory, unsigned flags, std::size_t map_bytes,
                     Environment& out) {
    MDB_env* raw = nullptr;
    if (const int code = mdb_env_create(&raw); code != MDB_SUCCESS) return code;
    Environment environment(raw);
    int code = mdb_env_set_maxdbs(raw, table_count);
    if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(raw, max_readers);
    if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(raw, map_bytes);
    if (code == MDB_SUCCESS) code = mdb_env_open(raw, directory.c_str(), flags, 0600);
    if (code == MDB_SUCCESS) out = std::move(environment);
    return code;
}

/// The address space may be limited (ulimit -v, containers): a smaller map then has to do.
Result<Environment> open_environment(const std::string& directory, unsigned extra_flags,
                                     std::size_t map_bytes) {
    const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | extra_flags;
    std::size_t size = std::min(map_bytes, largest_map);
    Environment environment;
    int code = open_environment(directory, flags, size, environment);
    for (; code == ENOMEM && size > smallest_map; size /= 4) {
        code = open_environment(directory, flags, size / 4, environment);
    }
    if (code == MDB_SUCCESS) return environment;
    return fail("unreadable",
                "cannot open the database in " + directory + ": " + mdb_strerror(code));
}

/// An LMDB file without our tables is somebody else's.
bool is_foreign(MDB_txn* transaction) {
    MDB_dbi main = 0, meta = 0;
    MDB_stat status{};
    check(mdb_dbi_open(transaction, nullptr, 0, &main));
    check(mdb_stat(transaction, main, &status));
    return status.ms_entries > 0 &&
           !found(mdb_dbi_open(transaction, table_name(Table::meta), 0, &meta));
}

/// Before anything is created in it.
Result<> check_format_of(MDB_txn* transaction) {
    MDB_dbi meta = 0;
    if (!found(mdb_dbi_open(transaction, table_name(Table::meta), 0, &meta))) return {};
    return check_stored_format(get_value(transaction, meta, format_key));
}

/// Whether it may be used at all.
Result<> check_database(MDB_txn* transaction, const std::string& directory) {
    if (is_foreign(transaction))
        return fail("not-a-database", "the database in " + directory +
                                          " was not made by Clarion. Move it away, or set another "
                                          "data_dir");
    const auto known = check_format_of(transaction);
    if (known) return {};
    return fail(known.error().code, "the database in " + directory + " " + known.error().text);
}

struct AbortTransaction {
    void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
};
using Transaction = std::unique_ptr<MDB_txn, AbortTransaction>;

Result<Databases> open_databases(MDB_env* environment, const std::string& directory,
                                 bool may_write) {
    Databases databases{};
    databases.fill(no_database);
    try {
        MDB_txn* raw = nullptr;
        check(mdb_txn_begin(environment, nullptr, may_write ? 0 : MDB_RDONLY, &raw));
        Transaction transaction(raw);
        if (auto usable = check_database(raw, directory); !usable) return usable.error();
        for (std::size_t i = 0; i < table_count; ++i) {
            const char* name = table_name(static_cast<Table>(i));
            const int code = mdb_dbi_open(raw, name, may_write ? MDB_CREATE : 0, &databases[i]);
            if (!may_write && code == MDB_NOTFOUND) continue;
            check(code);
        }
        check(mdb_txn_commit(transaction.release()));
        return databases;
    } catch (const EngineFailure& failure) {
        return fail(failure.error().code,
                    "cannot use the database in " + directory + ": " + failure.error().text);
    }
}

}  // namespace

Result<std::unique_ptr<Engine>> open_lmdb_engine(const std::string& directory,
                                                 Durability durability, std::size_t map_bytes) {
    if (auto made = make_directory(directory); !made) return made.error();
    if (auto checked = check_data_file(directory + "/data.mdb"); !checked) return checked.error();
    auto environment =
        open_environment(directory, durability == Durability::process ? MDB_NOSYNC : 0u, map_bytes);
    if (!environment) return environment.error();
    int dead = 0;
    mdb_reader_check(environment->get(), &dead);  // slots of a run that was killed
    const auto databases = open_databases(environment->get(), directory, true);
    if (!databases) return databases.error();
    return std::unique_ptr<Engine>(
        std::make_unique<LmdbEngine>(std::move(environment).value(), *databases));
}

Result<std::unique_ptr<Engine>> open_lmdb_engine_to_read(const std::string& directory) {
    if (auto checked = check_data_file(directory + "/data.mdb", false); !checked)
        return checked.error();
    auto environment = open_environment(directory, MDB_RDONLY, StorageLimits{}.max_bytes);
    if (!environment) return environment.error();
    const auto databases = open_databases(environment->get(), directory, false);
    if (!databases) return databases.error();
    return std::unique_ptr<Engine>(
        std::make_unique<LmdbEngine>(std::move(environment).value(), *databases));
}

}  // namespace clarion::storage
