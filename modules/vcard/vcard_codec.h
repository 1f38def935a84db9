// How a vCard and the hash of its photo are kept (docs/formats.md). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::vcard {

std::string encode_vcard(std::string_view xml);
/// Error "bad-record".
Result<std::string> decode_vcard(std::string_view value);

/// `hash`: as of photo_hash().
std::string encode_photo(std::string_view hash);
/// Error "bad-record".
Result<std::string> decode_photo(std::string_view value);

}  // namespace clarion::vcard
