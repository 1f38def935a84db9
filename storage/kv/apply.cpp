#include "storage/kv/apply.h"

#include <cstdint>
#include <string>

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

void apply(WriteTransaction& transaction, const Op& op) {
    switch (op.code) {
        case OpCode::put:
        case OpCode::put_if_new: return transaction.put(op.table, op.key, op.value);
        case OpCode::erase: return transaction.erase(op.table, op.key);
        case OpCode::erase_range:
            erase_some(transaction, op.table, op.key, op.value, SIZE_MAX);
            return;
        case OpCode::erase_targets: return erase_targets(transaction, op);
        case OpCode::require: return;
    }
}

}  // namespace

std::optional<Error> failed_condition(WriteTransaction& transaction, const KvBatch& batch) {
    if (!batch.has_conditions()) return std::nullopt;
    for (KvBatch::Reader reader(batch); reader.next();) {
        const Op& op = reader.op();
        if (op.code == OpCode::require && !transaction.get(op.table, op.key)) {
            return fail("item-not-found", "the log has no such entry");
        }
        if (op.code == OpCode::put_if_new) {
            const auto old = transaction.get(op.table, op.key);
            if (old && *old != op.value) return fail("conflict", "the name is taken");
        }
    }
    return std::nullopt;
}

void apply(WriteTransaction& transaction, const KvBatch& batch) {
    for (KvBatch::Reader reader(batch); reader.next();) apply(transaction, reader.op());
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

bool clear_doomed(WriteTransaction& transaction, std::size_t limit) {
    const auto doomed = transaction.first(Table::doomed, {}, Key().u64(UINT64_MAX));
    if (!doomed) return false;
    const std::string key(doomed->key);
    const KeyRange range = account_range(AccountId{key_u64(key, 0)});
    if (erase_some(transaction, Table::archive, range.from, range.to, limit) < limit) {
        transaction.erase(Table::doomed, key);
    }
    return true;
}

}  // namespace clarion::storage
