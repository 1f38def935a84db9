// The photo of a vCard, as presence tells of it (XEP-0153): the SHA-1 of the image. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proto/xml.h"

namespace clarion::vcard {

/// The image's SHA-1, 20 bytes; empty: the vCard has none, or what it has cannot be read.
std::string photo_hash(const xml::Element& vcard);

/// Whether presence is to be given this photo, in hexadecimal (empty: there is none). Not if its
/// client says that it has none for now (an empty <photo/>), or says the same itself (XEP-0398).
bool wants_photo(const xml::Element& presence, std::string_view photo);
/// What its client said of a photo is replaced.
void set_photo(xml::Element& presence, std::string_view photo);

}  // namespace clarion::vcard
