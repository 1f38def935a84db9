#include "proto/unicode_text.h"

#include <cstdint>
#include <cstring>

namespace clarion {

namespace {

bool is_continuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

// Length of the well-formed sequence at `text`, 0 if there is none. Table 3-7 of the Unicode
// standard: only the second byte has a range of its own.
std::size_t sequence_length(const unsigned char* text, std::size_t left) {
    const unsigned char lead = text[0];
    if (lead < 0x80) return 1;
    const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || left < length) return 0;
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (!is_continuation(text[i])) return 0;
    }
    return length;
}

// Almost all text is ASCII: eight bytes at a time.
bool eight_ascii(const unsigned char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    return (word & 0x8080808080808080ULL) == 0;
}

}  // namespace

bool valid_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
        const std::size_t length = left >= 8 && eight_ascii(at) ? 8 : sequence_length(at, left);
        if (length == 0) return false;
        at += length;
        left -= length;
    }
    return true;
}

std::string_view utf8_truncate(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    std::size_t end = max_bytes;
    // A character has at most three continuation bytes: on other input, do not walk further back.
    for (int back = 0; back < 3 && end > 0; ++back) {
        if (!is_continuation(static_cast<unsigned char>(text[end]))) break;
        --end;
    }
    return text.substr(0, end);
}

}  // namespace clarion
