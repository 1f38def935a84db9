#include "storage/kv/data_usage.h"

#include <optional>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/record_codec.h"

namespace clarion::storage {
namespace {

constexpr std::uint8_t version = 1;

/// Of the entry that is there, if there is one.
std::optional<std::size_t> counted_bytes(WriteTransaction& transaction, std::string_view key) {
    const auto stored = transaction.get(Table::module_data, key);
    if (!stored) return std::nullopt;
    return key.size() - data_key_offset(key) + stored->size();
}

DataUsage read_usage(WriteTransaction& transaction, std::string_view usage_key) {
    const auto stored = transaction.get(Table::module_data, usage_key);
    return stored ? decoded(decode_data_usage(*stored)) : DataUsage{};
}

}  // namespace

std::string encode(const DataUsage& usage) {
    return Encoder(version).u64(usage.entries).u64(usage.bytes).take();
}

Result<DataUsage> decode_data_usage(std::string_view bytes) {
    Decoder in(bytes, version);
    DataUsage usage;
    usage.entries = in.u64();
    usage.bytes = in.u64();
    if (auto fits = in.finish("usage of module data"); !fits) return fits.error();
    return usage;
}

void put_counted(WriteTransaction& transaction, std::string_view key, std::string_view value) {
    const Key usage_key = data_usage_key_of(key);
    DataUsage usage = read_usage(transaction, usage_key);
    const auto replaced = counted_bytes(transaction, key);
    if (!replaced) ++usage.entries;
    usage.bytes += key.size() - data_key_offset(key) + value.size() - replaced.value_or(0);
    transaction.put(Table::module_data, key, value);
    transaction.put(Table::module_data, usage_key, encode(usage));
}

void erase_counted(WriteTransaction& transaction, std::string_view key) {
    const auto erased = counted_bytes(transaction, key);
    if (!erased) return;
    const Key usage_key = data_usage_key_of(key);
    DataUsage usage = read_usage(transaction, usage_key);
    --usage.entries;
    usage.bytes -= *erased;
    transaction.erase(Table::module_data, key);
    if (usage.entries == 0)
        transaction.erase(Table::module_data, usage_key);
    else
        transaction.put(Table::module_data, usage_key, encode(usage));
}

}  // namespace clarion::storage
