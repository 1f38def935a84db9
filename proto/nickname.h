// Nicknames in rooms: which are the same to people's eyes (RFC 8266; XEP-0045, 17.1).
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace clarion {

/// What two nicknames have in common that differ in case, blanks or forms of the same characters
/// only. Empty: it is no nickname, but blanks.
std::string nickname_key(std::string_view nick);

/// The same of nicknames that differ in characters, too, which Unicode lists as confusable (UTS 39).
/// For comparing who is there, never to be kept: it changes with Unicode.
std::string nickname_likeness(std::string_view nick);

/// As it is shown: without spaces at its ends, and single ones within.
std::string tidy_nickname(std::string_view nick);

}  // namespace clarion
