// KvBatch: a batch as one flat buffer of operations, in the order in which they were added.
//
// Filled on a shard by the repositories of storage/kv, then applied by the Writer. Conditions
// (put_if_new, require) speak of what *other* batches committed and are checked before anything of
// this batch is applied: what the batch itself does about the same key is settled while it is
// filled. So a batch that must fail costs the others of its group nothing.
//
// An operation is 8 bytes (code, table, key size u16, value size u32, in the machine's byte order:
// it never leaves the process), the key, the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/batch.h"
#include "storage/kv/engine.h"
#include "storage/kv/keys.h"

namespace clarion::storage {

enum class OpCode : std::uint8_t {
    put,
    put_if_new,  // condition: the key is absent or has this very value, else "conflict"
    erase,
    erase_range,       // key: from, value: to
    erase_targets,     // as erase_range, and each value there is the key of a deadline to erase
    require,           // condition: the key exists, else "item-not-found"
    put_unless_there,  // put a log entry unless it is there; counts as a touch (kv/log_watch.h)
    put_if_there,      // put if the key exists, else nothing
    expect_absent,     // condition: the key is absent, else "conflict"
    expect_value,      // condition: the key has this very value, else "conflict"
    put_counted,       // put an entry of a module and count it (kv/data_usage.h)
    erase_counted,     // the reverse
    put_numbered,      // put an archive index entry with the next ordinal of its archive
    watch,             // key: number of a sweep, value: first and last log id; none between: enough
    erase_watched,     // value: number of a sweep; erase if LogWatch allows
};

struct Op {
    OpCode code;
    Table table;
    std::string_view key;
    std::string_view value;
};

class KvBatch final : public Batch {
public:
    bool empty() const override { return ops_.empty(); }
    std::size_t bytes() const override { return ops_.size() + sizeof *this; }

    /// The value is `head` and `tail` together (a stanza needs no copy to get its header).
    void put(Table table, std::string_view key, std::string_view head, std::string_view tail = {});
    /// Of Table::names. If the batch itself gave the key another value before, it contradicts itself
    /// and fails: whose name it is could not be told, and the loser's data would have no name.
    void put_if_new(Table table, std::string_view key, std::string_view value);
    void erase(Table table, std::string_view key);
    void erase_range(Table table, const KeyRange& range);
    void erase_deadlines(const KeyRange& range);
    void put_if_there(Table table, std::string_view key, std::string_view head,
                      std::string_view tail = {});
    /// Entries of Table::module_data.
    void put_counted(std::string_view key, std::string_view value);
    void erase_counted(std::string_view key);
    /// The batch fails with "conflict" unless the key has this value (nullopt: is absent) when what
    /// the batch wrote before is applied.
    void expect(Table table, std::string_view key, std::optional<std::string_view> value);
    /// An entry of Table::archive whose ordinal the writer fills in (kv/archive_tails.h).
    void put_numbered(std::string_view archive_key, std::string_view value);

    /// For a LogSweep with this number: from its commit on the writer remembers which log entries
    /// of [from, to] are touched.
    void watch(std::uint64_t sweep, LogId from, LogId to);
    void unwatch(std::uint64_t sweep) { watch(sweep, LogId{1}, LogId::none); }
    /// Erases what a log id is the key of, unless that was touched or another sweep is watching.
    void erase_watched(std::uint64_t sweep, Table table, std::string_view log_key);

    /// Something in this batch refers to a log entry: brings it, to be put unless it is there. If
    /// `xml` is empty, it must be committed before, or be in this batch already.
    void refer_to_log(LogId id, WallTime received, std::string_view xml);

    bool has_conditions() const { return conditions_; }
    /// It fails with "conflict", whatever there is: it contradicts itself.
    bool is_contradictory() const { return contradictory_; }
    /// Whether it gives the writer something to clear away in the background (Table::deleting).
    bool deletes_owner() const { return deletes_owner_; }

    class Reader;

private:
    void append(OpCode code, Table table, std::string_view key, std::string_view head,
                std::string_view tail = {});
    Op op_at(std::size_t offset) const;
    /// What the batch leaves under the key: a value, or nothing (the inner nullopt). nullopt: it
    /// does not say.
    std::optional<std::optional<std::string_view>> outcome(Table table, std::string_view key) const;

    std::string ops_;
    std::vector<LogId> logged_;
    std::map<std::string, std::size_t, std::less<>> names_;  // offset of what was last done to each
    bool conditions_ = false;
    bool contradictory_ = false;
    bool deletes_owner_ = false;
};

/// Reads the operations in order: `for (KvBatch::Reader r(batch); r.next();) use(r.op());`
class KvBatch::Reader {
public:
    explicit Reader(const KvBatch& batch, std::size_t offset = 0)
        : ops_(batch.ops_), offset_(offset) {}
    bool next();
    const Op& op() const { return op_; }

private:
    std::string_view ops_;
    std::size_t offset_;
    Op op_{};
};

}  // namespace clarion::storage
