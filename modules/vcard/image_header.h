// What the first bytes of an image say of it: its kind and its size. Pure; nothing is decoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace clarion::vcard {

struct ImageHeader {
    std::string_view type;    // "image/png"; it lives for ever
    std::uint32_t width = 0;  // in pixels; 0, as the height: not known
    std::uint32_t height = 0;
};

/// Of a PNG, JPEG, GIF or WebP; nothing of anything else.
std::optional<ImageHeader> read_image_header(std::string_view image);

}  // namespace clarion::vcard
