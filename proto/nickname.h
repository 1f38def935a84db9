// Nicknames in rooms: which are the same to people's eyes (RFC 8266; XEP-0045, 17.1).
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace clarion {

/// What two nicknames have in common that differ only in case, spaces, forms of the same characters,
/// or in characters that Unicode has as confusable (UTS 39). For comparing only, never to be kept:
/// it changes with Unicode. Empty: it is no nickname, but blanks.
std::string nickname_key(std::string_view nick);

/// As it is shown: without spaces at its ends, and single ones within.
std::string tidy_nickname(std::string_view nick);

}  // namespace clarion
