// A user's picture in the forms that it has: the photo of a vCard (XEP-0054), the data and metadata
// of an avatar (XEP-0084), and what presence says of it (XEP-0153). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/xml.h"

namespace clarion::vcard {

struct Photo {
    std::string image;  // its bytes
    std::string type;   // "image/png"; what somebody says it is, or what it looks like
    /// The SHA-1 of the image, 20 bytes.
    std::string hash;
};

/// The photo of a vCard, however its base64 is broken into lines; nothing: it has none, or what it
/// has is no image data (a link, an empty one).
std::optional<Photo> read_photo(const xml::Element& vcard);
/// Whether a field of a vCard is an image, as opposed to a link to one.
bool has_image(const xml::Element& field);
/// Adds the photo as a field.
void add_photo(xml::Element& vcard, const Photo& photo);

/// One <info/> of an avatar's metadata.
struct AvatarInfo {
    std::string id;    // in lower case, as it is in presence
    std::string item;  // the same as it was published: the item of the data node
    std::string type;
    std::uint64_t bytes = 0;  // 0: not said
};
/// Those that point to the data node, PNG first: an image at a URL is not fetched (XEP-0398).
std::vector<AvatarInfo> read_metadata(const xml::Element& metadata);
/// What the item of the data node that `info` points to holds. Nothing: it is no image data, or not
/// the image that has that hash.
std::optional<Photo> read_data(const xml::Element& data, const AvatarInfo& info);

std::string hash_text(const Photo& photo);  // in hexadecimal
std::string make_data(const Photo& photo);
/// With the size of the image in pixels, if that is easily known.
std::string make_metadata(const Photo& photo);
/// Says that there is no avatar any more.
std::string no_metadata();

/// What presence shall say of a photo, in hexadecimal (empty: there is none). Not if its client
/// says that it has none for now (an empty <photo/>), or says the same itself (XEP-0398).
bool wants_photo(const xml::Element& presence, std::string_view photo);
/// What its client said of a photo is replaced.
void set_photo(xml::Element& presence, std::string_view photo);

}  // namespace clarion::vcard
