#include "modules/vcard/photo.h"

#include <algorithm>

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"

namespace clarion::vcard {
namespace {

/// White space is allowed anywhere in it (RFC 2045, 6.8).
std::string without_space(std::string_view text) {
    std::string dense(text);
    std::erase_if(dense, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    return dense;
}

const xml::Element* find_update(const xml::Element& presence) {
    return presence.child(ns::vcard_update, "x");
}

}  // namespace

std::string photo_hash(const xml::Element& vcard) {
    const xml::Element* photo = vcard.child(ns::vcard, "PHOTO");
    if (!photo) return {};
    const auto image = base64_decode(without_space(photo->child_text(ns::vcard, "BINVAL")));
    return image && !image->empty() ? crypto::sha1(*image) : std::string();
}

bool wants_photo(const xml::Element& presence, std::string_view photo) {
    const xml::Element* update = find_update(presence);
    const xml::Element* said = update ? update->child(ns::vcard_update, "photo") : nullptr;
    if (!said) return true;
    const std::string_view text = trim(said->text());
    return !text.empty() && text != photo;
}

void set_photo(xml::Element& presence, std::string_view photo) {
    while (const xml::Element* update = find_update(presence)) presence.remove(*update);
    presence.add("x", ns::vcard_update).add_text_child("photo", photo);
}

}  // namespace clarion::vcard
