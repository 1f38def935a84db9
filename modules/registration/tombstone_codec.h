// How a tombstone is kept: since when the account is deleted (docs/formats.md). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace clarion::registration {

std::string encode_tombstone(LastingTime deleted);
/// Error "bad-record".
Result<LastingTime> decode_tombstone(std::string_view value);

}  // namespace clarion::registration
