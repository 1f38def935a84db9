// UTF-8 as it arrives from outside: is it valid, and where may it be cut.
//
// Pure functions, any thread. Source: RFC 3629 (no overlong forms, no surrogates, up to U+10FFFF).
#pragma once

#include <cstddef>
#include <string_view>

namespace clarion {

/// Whether `text` is well-formed UTF-8.
bool valid_utf8(std::string_view text);

/// The longest prefix of at most `max_bytes` bytes that does not cut a character in two. Meant for
/// valid UTF-8; any other input is cut somewhere within the limit, too.
std::string_view utf8_truncate(std::string_view text, std::size_t max_bytes);

}  // namespace clarion
