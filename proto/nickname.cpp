#include "proto/nickname.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <algorithm>

#include "base/text.h"

namespace clarion {

namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Case folded and normalised (NFKC_Casefold); what is not Unicode stays as it is.
std::string folded(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* const form = unorm2_getNFKCCasefoldInstance(&status);
    std::u16string wide(text.size(), u'\0');
    std::int32_t length = 0;
    u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                  static_cast<std::int32_t>(text.size()), &status);
    if (U_FAILURE(status)) return std::string(text);
    wide.resize(static_cast<std::size_t>(length));
    constexpr std::size_t longest_expansion = 18;  // of one character
    std::u16string made(longest_expansion * wide.size() + 1, u'\0');
    length = unorm2_normalize(form, wide.data(), static_cast<std::int32_t>(wide.size()),
                              made.data(), static_cast<std::int32_t>(made.size()), &status);
    if (U_FAILURE(status)) return std::string(text);
    std::string narrow(3 * static_cast<std::size_t>(length), '\0');
    std::int32_t bytes = 0;
    u_strToUTF8(narrow.data(), static_cast<std::int32_t>(narrow.size()), &bytes, made.data(),
                length, &status);
    if (U_FAILURE(status)) return std::string(text);
    narrow.resize(static_cast<std::size_t>(bytes));
    return narrow;
}

}  // namespace

std::string tidy_nickname(std::string_view nick) {
    std::string tidy;
    for (const char c : trim(nick))
        if (c != ' ' || tidy.back() != ' ') tidy += c;
    return tidy;
}

std::string nickname_key(std::string_view nick) {
    const std::string tidy = tidy_nickname(nick);
    return is_ascii(tidy) ? to_lower_ascii(tidy) : folded(tidy);
}

}  // namespace clarion
