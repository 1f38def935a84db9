#include "base/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace clarion {
namespace {

void append_escaped(std::string& line, unsigned char c) {
    if (c == '"' || c == '\\') {
        line.push_back('\\');
        line.push_back(static_cast<char>(c));
    } else if (c < 0x20 || c >= 0x7f) {
        const char byte = static_cast<char>(c);
        line.append("\\x").append(hex_encode({&byte, 1}));
    } else {
        line.push_back(static_cast<char>(c));
    }
}

bool is_continuation(unsigned char c) { return (c & 0xc0) == 0x80; }

/// How many bytes the well-formed, printable, non-ASCII character at the start of `text` has; 0 if
/// there is none. C1 controls and direction marks count as not printable: they could disguise.
std::size_t printable_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t size = first >= 0xf0 && first <= 0xf4   ? 4
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xc2 && first <= 0xdf ? 2
                                                              : 0;
    if (size == 0 || text.size() < size) return 0;
    std::uint32_t point = first & (0xffu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(byte(i))) return 0;
        point = point << 6 | (byte(i) & 0x3fu);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool overlong = point < smallest[size];
    const bool control = point < 0xa0 || (point >= 0x200b && point <= 0x200f) ||
                         (point >= 0x2028 && point <= 0x202e) ||
                         (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
    const bool foreign = point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
    return overlong || control || foreign ? 0 : size;
}

}  // namespace

void append_printable(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t utf8 = printable_utf8(text);
        if (utf8 == 0) append_escaped(out, static_cast<unsigned char>(text[0]));
        out.append(text.substr(0, utf8));
        text.remove_prefix(std::max<std::size_t>(utf8, 1));
    }
}

}  // namespace clarion
