// Whether a message in a room speaks to somebody: by nickname, by what names an occupant, or in
// reply. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/xml.h"

namespace clarion::push {

/// Who an account is in a room, as others may name it.
struct OwnPlace {
    std::string_view account;  // bare
    std::string_view room;     // bare
    std::vector<std::string> nicks{};
    std::string occupant_id{};  // XEP-0421; empty: not known
};

/// A reference (XEP-0372) mentions the account, or its occupant with that nickname.
bool is_referenced(const xml::Element& message, std::string_view account, std::string_view room,
                   std::string_view nick);

/// Whether a nickname is in a text as a word of its own, in whatever case.
bool has_word(std::string_view text, std::string_view nick);

/// Any of it: the nickname in a body that can be read, a reference, a mention (XEP-0513) of the
/// account, its occupant or the whole room, or a reply (XEP-0461) to what it said.
bool is_mentioned(const xml::Element& message, const OwnPlace& own);

}  // namespace clarion::push
