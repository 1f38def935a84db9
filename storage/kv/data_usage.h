// How much a module keeps for an owner in Table::module_data: counted by the writer, in the
// transaction of each change, in a record behind the entries it counts.
#pragma once

#include <string>
#include <string_view>

#include "storage/kv/engine.h"
#include "storage/module_data.h"

namespace clarion::storage {

std::string encode(const DataUsage& usage);
Result<DataUsage> decode_data_usage(std::string_view bytes);

/// Puts or erases an entry of Table::module_data, and counts it.
void put_counted(WriteTransaction& transaction, std::string_view key, std::string_view value);
void erase_counted(WriteTransaction& transaction, std::string_view key);

}  // namespace clarion::storage
