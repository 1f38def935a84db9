// One verified text as it is kept on disk (docs/formats.md). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "storage/module_data.h"

namespace clarion::caps {

struct StoredText {
    WallTime used{};
    std::string text;
};

std::string encode(const StoredText& stored);
/// Error "bad-record", also if the text has not the hash that the key says.
Result<StoredText> decode_text(std::string_view key, std::string_view value);
/// ModuleRow::check_entry
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::caps
