#include "storage/kv/apply.h"

#include <cstdint>
#include <string>

#include "storage/kv/data_usage.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

void erase_targets(WriteTransaction& transaction, const Op& op) {
    std::string key(op.key);
    while (const auto entry = transaction.first(op.table, key, op.value)) {
        key = entry->key;
        transaction.erase(Table::deadlines, std::string(entry->value));
        transaction.erase(op.table, key);
    }
}

void put(WriteTransaction& transaction, LogWatch& watch, const Op& op) {
    if (op.table == Table::unreferenced) watch.touch(op.key);
    transaction.put(op.table, op.key, op.value);
}

void apply(WriteTransaction& transaction, WriterMemory& memory, const Op& op) {
    LogWatch& watch = memory.watch;
    switch (op.code) {
        case OpCode::put: return put(transaction, watch, op);
        case OpCode::put_if_new: return transaction.put(op.table, op.key, op.value);
        case OpCode::put_if_there:
            if (transaction.get(op.table, op.key)) transaction.put(op.table, op.key, op.value);
            return;
        case OpCode::put_counted: return put_counted(transaction, op.key, op.value);
        case OpCode::erase_counted: return erase_counted(transaction, op.key);
        case OpCode::expect_absent:
        case OpCode::expect_value: return;
        case OpCode::put_numbered: return memory.tails.put(transaction, op.key, op.value);
        case OpCode::erase: return transaction.erase(op.table, op.key);
        case OpCode::erase_range:
            erase_some(transaction, op.table, op.key, op.value, SIZE_MAX);
            return;
        case OpCode::erase_targets: return erase_targets(transaction, op);
        case OpCode::require: return watch.touch(op.key);
        case OpCode::put_unless_there:
            watch.touch(op.key);
            (void)transaction.put_new(op.table, op.key, op.value);
            return;
        case OpCode::watch:
            return watch.start(key_u64(op.key, 0), key_u64(op.value, 0), key_u64(op.value, 8));
        case OpCode::erase_watched:
            if (watch.allows(key_u64(op.value, 0), op.key)) transaction.erase(op.table, op.key);
            return;
    }
}

void note_unreferenced(WriteTransaction& transaction, LogWatch& watch,
                       std::string_view index_value) {
    const auto record = decode_archive_index(index_value);
    if (!record || record->log_id == LogId::none) return;
    const Key key = log_key(record->log_id);
    watch.touch(key);
    transaction.put(Table::unreferenced, key, encode_empty());
}

/// False: there was none.
bool clear_first(WriteTransaction& transaction, LogWatch& watch, std::string& from,
                 std::string_view to) {
    const auto entry = transaction.first(Table::archive, from, to);
    if (!entry) return false;
    from = entry->key;
    note_unreferenced(transaction, watch, entry->value);
    transaction.erase(Table::archive, from);
    return true;
}

}  // namespace

namespace {

/// The condition that an operation is, or has.
std::optional<Error> failed_condition(WriteTransaction& transaction, const Op& op) {
    switch (op.code) {
        case OpCode::require:
            if (transaction.get(op.table, op.key)) return std::nullopt;
            return fail(error_code::item_not_found, "the log has no such entry");
        case OpCode::put_if_new: {
            const auto old = transaction.get(op.table, op.key);
            if (!old || *old == op.value) return std::nullopt;
            return fail(error_code::conflict, "the name is taken");
        }
        case OpCode::expect_absent:
            if (!transaction.get(op.table, op.key)) return std::nullopt;
            return fail(error_code::conflict, "the entry is there already");
        case OpCode::expect_value:
            if (transaction.get(op.table, op.key) == op.value) return std::nullopt;
            return fail(error_code::conflict, "the entry is not what it was");
        default: return std::nullopt;
    }
}

}  // namespace

std::optional<Error> failed_condition(WriteTransaction& transaction, const WriterMemory& memory,
                                      const KvBatch& batch) {
    if (!batch.has_conditions()) return std::nullopt;
    if (batch.is_contradictory()) return fail(error_code::conflict, "the entry is not what it was");
    for (KvBatch::Reader reader(batch); reader.next();) {
        if (memory.removed.concerns(reader.op())) continue;
        if (auto failed = failed_condition(transaction, reader.op())) return failed;
    }
    return std::nullopt;
}

void apply(WriteTransaction& transaction, WriterMemory& memory, const KvBatch& batch) {
    for (KvBatch::Reader reader(batch); reader.next();)
        if (!memory.removed.refuses(reader.op())) apply(transaction, memory, reader.op());
}

std::size_t erase_some(WriteTransaction& transaction, Table table, std::string_view from,
                       std::string_view to, std::size_t limit) {
    std::size_t erased = 0;
    for (std::string key(from); erased < limit; ++erased) {
        const auto entry = transaction.first(table, key, to);
        if (!entry) break;
        key = entry->key;
        transaction.erase(table, key);
    }
    return erased;
}

bool clear_deleting(WriteTransaction& transaction, LogWatch& watch, std::size_t limit) {
    const auto deleting = transaction.first(Table::deleting, {}, Key().u64(UINT64_MAX));
    if (!deleting) return false;
    const std::string key(deleting->key);
    const KeyRange range = owner_range(OwnerId{key_u64(key, 0)});
    std::size_t cleared = 0;
    for (std::string from(range.from.view()); cleared < limit; ++cleared)
        if (!clear_first(transaction, watch, from, range.to)) break;
    if (cleared < limit)
        cleared +=
            erase_some(transaction, Table::module_data, range.from, range.to, limit - cleared);
    if (cleared < limit) transaction.erase(Table::deleting, key);
    return true;
}

}  // namespace clarion::storage
