#include "modules/vcard/image_header.h"

#include <doctest/doctest.h>

#include <string>

namespace clarion::vcard {
namespace {

/// "image/png 3x2", or "none".
std::string read(const std::string& image) {
    const auto header = read_image_header(image);
    if (!header) return "none";
    return std::string(header->type) + ' ' + std::to_string(header->width) + 'x' +
           std::to_string(header->height);
}

template <std::size_t N>
std::string bytes(const char (&literal)[N]) {
    return {literal, N - 1};
}

const std::string png = bytes(
    "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
    "\0\0\x01\x40\0\0\0\xf0");

TEST_CASE("image header: PNG") {
    CHECK(read(png) == "image/png 320x240");
    CHECK(read(png.substr(0, 23)) == "image/png 0x0");
    CHECK(read(png.substr(0, 7)) == "none");
}

TEST_CASE("image header: GIF") {
    CHECK(read(bytes("GIF89a\x40\x01\xf0\0")) == "image/gif 320x240");
    CHECK(read(bytes("GIF87a\x40\x01\xf0\0")) == "image/gif 320x240");
    CHECK(read(bytes("GIF87a\x40\x01\xf0")) == "image/gif 0x0");
    CHECK(read(bytes("GIF88a\x40\x01\xf0\0")) == "none");
}

TEST_CASE("image header: JPEG") {
    const std::string start = bytes("\xff\xd8");
    const std::string segment = bytes("\xff\xe0\0\x04zz");
    const std::string tables = bytes("\xff\xc4\0\x03z");
    const std::string frame = bytes("\xff\xc2\0\x0b\x08\0\xf0\x01\x40");
    CHECK(read(start + segment + tables + frame) == "image/jpeg 320x240");
    CHECK(read(start + bytes("\xff\xff") + frame) == "image/jpeg 320x240");
    CHECK(read(start + segment + frame.substr(0, 8)) == "image/jpeg 0x0");
    CHECK(read(start + bytes("\xff\xe0\0\x01") + frame) == "image/jpeg 0x0");
    CHECK(read(start + bytes("\xff\xda\0\x04zz") + frame) == "image/jpeg 0x0");
    CHECK(read(start + bytes("\xff\xe0\xff\xff") + frame) == "image/jpeg 0x0");
    CHECK(read(start) == "none");
}

TEST_CASE("image header: WebP") {
    const std::string riff = bytes("RIFFzzzzWEBP");
    const std::string lossy = riff + bytes("VP8 zzzzabc\x9d\x01\x2a\x40\x01\xf0\0");
    CHECK(read(lossy) == "image/webp 320x240");
    const std::string lossless = riff + bytes("VP8Lzzzz\x2f\x3f\xc1\x3b\0zzzzz");
    CHECK(read(lossless) == "image/webp 320x240");
    const std::string extended = riff + bytes("VP8Xzzzzabcd\x3f\x01\0\xef\0\0");
    CHECK(read(extended) == "image/webp 320x240");
    CHECK(read(riff + bytes("ALPHzzzzabcd\x3f\x01\0\xef\0\0")) == "image/webp 0x0");
    CHECK(read(extended.substr(0, 29)) == "image/webp 0x0");
    CHECK(read(bytes("RIFFzzzzWAVE")) == "none");
}

TEST_CASE("image header: nothing known") {
    CHECK(read("") == "none");
    CHECK(read("<svg/>") == "none");
}

}  // namespace
}  // namespace clarion::vcard
