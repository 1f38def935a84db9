// Engine: what a key-value store must do so that the repositories of storage/kv can live on it.
//
// A handful of ordered tables of byte strings, snapshots to read them, and one write transaction at
// a time. LmdbEngine keeps them on disk, MemoryEngine in the process. Owned by KvStorage.
//
// Threads: snapshot() on any thread, many at a time; a Snapshot and its cursors stay on the thread
// that took them and never outlive a co_await. begin_write() on any thread: a second caller waits.
//
// Failures of the store itself (damaged file, full disk, I/O) are thrown as EngineFailure; nobody
// outside storage/ sees it: readers turn it into an Error at the repository's edge (kv/read.h), the
// writer into a failed batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace clarion::storage {

/// Stored by name (table_name): never rename. docs/formats.md has the keys and values of each.
enum class Table : std::uint8_t {
    meta,
    names,
    owners,
    archive,
    log,
    offline,
    queues,
    online,
    deadlines,
    spool,
    deleting,
    unreferenced,
    pending_publishes,
    module_data,
};
inline constexpr std::size_t table_count = 14;

const char* table_name(Table table);

/// LMDB's limit on keys, which every engine keeps.
inline constexpr std::size_t max_key_size = 511;

class EngineFailure : public std::exception {
public:
    explicit EngineFailure(Error error) : error_(std::move(error)) {}
    const Error& error() const { return error_; }
    const char* what() const noexcept override { return error_.text.c_str(); }

private:
    Error error_;
};

struct Entry {
    std::string_view key;
    std::string_view value;
};

/// A position in one table of a snapshot. The moving functions return false at either end, after
/// which only the seeking ones may be called. Entries are valid as long as the snapshot.
class Cursor {
public:
    virtual ~Cursor() = default;
    /// To the first entry at or after `key`.
    virtual bool seek(std::string_view key) = 0;
    /// To the last entry before `key`.
    virtual bool seek_before(std::string_view key) = 0;
    virtual bool next() = 0;
    virtual bool previous() = 0;
    virtual Entry entry() const = 0;
};

/// What was committed when it was taken. Short-lived: a held one keeps old pages from being reused.
/// One per thread at a time.
class Snapshot {
public:
    virtual ~Snapshot() = default;
    virtual std::optional<std::string_view> get(Table table, std::string_view key) = 0;
    virtual std::unique_ptr<Cursor> cursor(Table table) = 0;
    /// Number of entries, without counting them.
    virtual std::uint64_t entries(Table table) = 0;
};

/// One transaction: all or nothing. Destroyed without commit(), it never happened. Views it returns
/// are valid until the next put or erase.
class WriteTransaction {
public:
    virtual ~WriteTransaction() = default;
    virtual std::optional<std::string_view> get(Table table, std::string_view key) = 0;
    /// The first entry of [from, to).
    virtual std::optional<Entry> first(Table table, std::string_view from, std::string_view to) = 0;
    /// The last entry of [from, to).
    virtual std::optional<Entry> last(Table table, std::string_view from, std::string_view to) = 0;
    virtual void put(Table table, std::string_view key, std::string_view value) = 0;
    /// put() unless the key is there. False: it is.
    virtual bool put_new(Table table, std::string_view key, std::string_view value) = 0;
    /// A missing key is fine.
    virtual void erase(Table table, std::string_view key) = 0;
    /// Returns once it is as durable as the engine makes it. Called once, last.
    virtual void commit() = 0;
};

class Engine {
public:
    virtual ~Engine() = default;
    virtual std::unique_ptr<Snapshot> snapshot() = 0;
    virtual std::unique_ptr<WriteTransaction> begin_write() = 0;
};

}  // namespace clarion::storage
