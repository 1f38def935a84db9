#include "storage/kv/kv_batch.h"

#include <algorithm>
#include <cstring>

#include "storage/records.h"

namespace clarion::storage {
namespace {

struct OpHeader {
    OpCode code;
    Table table;
    std::uint16_t key_size;
    std::uint32_t value_size;
};
static_assert(sizeof(OpHeader) == 8);

}  // namespace

void KvBatch::append(OpCode code, Table table, std::string_view key, std::string_view head,
                     std::string_view tail) {
    const OpHeader header{code, table, static_cast<std::uint16_t>(key.size()),
                          static_cast<std::uint32_t>(head.size() + tail.size())};
    char bytes[sizeof header];
    std::memcpy(bytes, &header, sizeof header);
    ops_.append(bytes, sizeof bytes).append(key).append(head).append(tail);
}

void KvBatch::put(Table table, std::string_view key, std::string_view head, std::string_view tail) {
    deletes_owner_ = deletes_owner_ || table == Table::deleting;
    append(OpCode::put, table, key, head, tail);
}

void KvBatch::put_if_new(Table table, std::string_view key, std::string_view value) {
    conditions_ = true;
    const auto [own, is_first] = names_.try_emplace(std::string(key), ops_.size());
    if (!is_first) {
        const Op before = op_at(own->second);
        own->second = ops_.size();
        if (before.code != OpCode::erase && before.value != value) contradictory_ = true;
        if (before.code != OpCode::put_if_new) return put(table, key, value);
    }
    append(OpCode::put_if_new, table, key, value);
}

void KvBatch::erase(Table table, std::string_view key) {
    if (table == Table::names) names_.insert_or_assign(std::string(key), ops_.size());
    append(OpCode::erase, table, key, {});
}

void KvBatch::erase_range(Table table, const KeyRange& range) {
    append(OpCode::erase_range, table, range.from, range.to);
}

void KvBatch::erase_deadlines(const KeyRange& range) {
    append(OpCode::erase_targets, Table::owners, range.from, range.to);
}

void KvBatch::put_if_there(Table table, std::string_view key, std::string_view head,
                           std::string_view tail) {
    append(OpCode::put_if_there, table, key, head, tail);
}

void KvBatch::put_counted(std::string_view key, std::string_view value) {
    append(OpCode::put_counted, Table::module_data, key, value);
}

void KvBatch::erase_counted(std::string_view key) {
    append(OpCode::erase_counted, Table::module_data, key, {});
}

void KvBatch::expect(Table table, std::string_view key, std::optional<std::string_view> value) {
    conditions_ = true;
    if (const auto own = outcome(table, key)) {
        contradictory_ = contradictory_ || *own != value;
        return;
    }
    append(value ? OpCode::expect_value : OpCode::expect_absent, table, key, value.value_or(""));
}

void KvBatch::put_numbered(std::string_view archive_key, std::string_view value) {
    append(OpCode::put_numbered, Table::archive, archive_key, value);
}

void KvBatch::watch(std::uint64_t sweep, LogId from, LogId to) {
    append(OpCode::watch, Table::log, Key().u64(sweep), log_key(from), log_key(to));
}

void KvBatch::erase_watched(std::uint64_t sweep, Table table, std::string_view log_key) {
    append(OpCode::erase_watched, table, log_key, Key().u64(sweep));
}

void KvBatch::refer_to_log(LogId id, WallTime received, std::string_view xml) {
    const auto at = std::lower_bound(logged_.begin(), logged_.end(), id);
    if (at != logged_.end() && *at == id) return;
    if (xml.empty()) {
        conditions_ = true;
        return append(OpCode::require, Table::log, log_key(id), {});
    }
    logged_.insert(at, id);  // usually the newest: at the end
    append(OpCode::put_unless_there, Table::log, log_key(id), encode_log_head(received), xml);
}

Op KvBatch::op_at(std::size_t offset) const {
    Reader reader(*this, offset);
    reader.next();
    return reader.op();
}

std::optional<std::optional<std::string_view>> KvBatch::outcome(Table table,
                                                                std::string_view key) const {
    std::optional<std::optional<std::string_view>> result;
    for (Reader reader(*this); reader.next();) {
        const Op& op = reader.op();
        if (op.table != table) continue;
        if (op.code == OpCode::erase_range && op.key <= key && key < op.value)
            result.emplace(std::nullopt);
        if (op.key != key) continue;
        if (op.code == OpCode::put || op.code == OpCode::put_counted ||
            op.code == OpCode::put_if_new)
            result.emplace(op.value);
        if (op.code == OpCode::erase || op.code == OpCode::erase_counted)
            result.emplace(std::nullopt);
    }
    return result;
}

bool KvBatch::Reader::next() {
    if (offset_ == ops_.size()) return false;
    OpHeader header;
    std::memcpy(&header, ops_.data() + offset_, sizeof header);
    offset_ += sizeof header;
    op_ = {header.code, header.table, ops_.substr(offset_, header.key_size),
           ops_.substr(offset_ + header.key_size, header.value_size)};
    offset_ += header.key_size + header.value_size;
    return true;
}

}  // namespace clarion::storage
