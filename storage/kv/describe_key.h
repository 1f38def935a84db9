// Keys in words, for who must look into a database: "account 1099511627776, roster item "j@x"".
#pragma once

#include <string>
#include <string_view>

#include "storage/kv/engine.h"

namespace clarion::storage {

/// Never fails: what is no key of that table comes in hexadecimal.
std::string describe_key(Table table, std::string_view key);

}  // namespace clarion::storage
