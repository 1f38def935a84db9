#include "modules/vcard/image_header.h"

#include <cstddef>

namespace clarion::vcard {
namespace {

std::uint8_t byte(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}
/// `count` bytes, most significant first. REQUIRES: they are there.
std::uint32_t big(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number << 8 | byte(bytes, at + i);
    return number;
}
/// The same, least significant first.
std::uint32_t little(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t number = 0;
    for (std::size_t i = count; i > 0; --i) number = number << 8 | byte(bytes, at + i - 1);
    return number;
}

/// ISO 15948, 11.2.2: the first chunk is IHDR.
ImageHeader read_png(std::string_view image) {
    ImageHeader header{.type = "image/png"};
    if (image.size() < 24 || image.substr(12, 4) != "IHDR") return header;
    header.width = big(image, 16, 4);
    header.height = big(image, 20, 4);
    return header;
}

ImageHeader read_gif(std::string_view image) {
    ImageHeader header{.type = "image/gif"};
    if (image.size() < 10) return header;
    header.width = little(image, 6, 2);
    header.height = little(image, 8, 2);
    return header;
}

/// Of the markers C0 to CF those that begin a frame; the others are tables.
bool begins_frame(std::uint8_t marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// ITU T.81, annex B: segments, each with its length, up to the one that begins the frame.
ImageHeader read_jpeg(std::string_view image) {
    ImageHeader header{.type = "image/jpeg"};
    std::size_t at = 2;
    while (at + 4 <= image.size() && byte(image, at) == 0xff) {
        const std::uint8_t marker = byte(image, at + 1);
        if (marker == 0xff) {  // fill
            ++at;
            continue;
        }
        const std::uint32_t length = big(image, at + 2, 2);
        if (length < 2 || marker == 0xda) break;  // image data begins without a frame
        if (begins_frame(marker)) {
            if (at + 9 > image.size()) break;
            header.height = big(image, at + 5, 2);
            header.width = big(image, at + 7, 2);
            break;
        }
        at += 2 + length;
    }
    return header;
}

/// RFC 9649: what the first chunk is says how the size is written.
ImageHeader read_webp(std::string_view image) {
    ImageHeader header{.type = "image/webp"};
    if (image.size() < 30) return header;
    const std::string_view chunk = image.substr(12, 4);
    if (chunk == "VP8X") {
        header.width = little(image, 24, 3) + 1;
        header.height = little(image, 27, 3) + 1;
    } else if (chunk == "VP8L" && byte(image, 20) == 0x2f) {
        const std::uint32_t sizes = little(image, 21, 4);
        header.width = (sizes & 0x3fff) + 1;
        header.height = (sizes >> 14 & 0x3fff) + 1;
    } else if (chunk == "VP8 " && image.substr(23, 3) == "\x9d\x01\x2a") {
        header.width = little(image, 26, 2) & 0x3fff;
        header.height = little(image, 28, 2) & 0x3fff;
    }
    return header;
}

}  // namespace

std::optional<ImageHeader> read_image_header(std::string_view image) {
    if (image.starts_with("\x89PNG\r\n\x1a\n")) return read_png(image);
    if (image.starts_with("GIF87a") || image.starts_with("GIF89a")) return read_gif(image);
    if (image.starts_with("\xff\xd8\xff")) return read_jpeg(image);
    if (image.starts_with("RIFF") && image.substr(0, 12).ends_with("WEBP")) return read_webp(image);
    return std::nullopt;
}

}  // namespace clarion::vcard
