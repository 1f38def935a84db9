#include "proto/nickname.h"

#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace clarion {

namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::u16string> wide(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    std::u16string made(text.size(), u'\0');
    std::int32_t length = 0;
    u_strFromUTF8(made.data(), static_cast<std::int32_t>(made.size()), &length, text.data(),
                  static_cast<std::int32_t>(text.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    made.resize(static_cast<std::size_t>(length));
    return made;
}

std::optional<std::string> narrow(std::u16string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    std::string made(3 * text.size(), '\0');
    std::int32_t bytes = 0;
    u_strToUTF8(made.data(), static_cast<std::int32_t>(made.size()), &bytes, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    made.resize(static_cast<std::size_t>(bytes));
    return made;
}

constexpr std::size_t longest_expansion = 18;  // of one character

/// Case folded and normalised (NFKC_Casefold).
std::optional<std::u16string> folded(std::u16string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* const form = unorm2_getNFKCCasefoldInstance(&status);
    std::u16string made(longest_expansion * text.size() + 1, u'\0');
    const std::int32_t length =
        unorm2_normalize(form, text.data(), static_cast<std::int32_t>(text.size()), made.data(),
                         static_cast<std::int32_t>(made.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    made.resize(static_cast<std::size_t>(length));
    return made;
}

/// What characters that look alike have in common (UTS 39, section 4). Any thread may read it.
std::optional<std::u16string> skeleton(std::u16string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    static const USpoofChecker* const checker = [] {
        UErrorCode opened = U_ZERO_ERROR;
        return uspoof_open(&opened);
    }();
    if (!checker) return std::nullopt;
    std::u16string made(longest_expansion * text.size() + 1, u'\0');
    const std::int32_t length =
        uspoof_getSkeleton(checker, 0, text.data(), static_cast<std::int32_t>(text.size()),
                           made.data(), static_cast<std::int32_t>(made.size()), &status);
    if (U_FAILURE(status)) return std::nullopt;
    made.resize(static_cast<std::size_t>(length));
    return made;
}

/// Characters that are shown as nothing, and that Unicode has as symbols: BRAILLE PATTERN BLANK and
/// MUSICAL SYMBOL NULL NOTEHEAD. Spaces and what is ignorable fall away anyway.
std::string with_blanks_as_spaces(std::string_view text) {
    std::string result(text);
    for (const std::string_view blank : {"\xE2\xA0\x80", "\xF0\x9D\x85\x99"})
        for (auto at = result.find(blank); at != std::string::npos; at = result.find(blank, at))
            result.replace(at, blank.size(), " ");
    return result;
}

/// Folded again at the end, for what a letter looks like may be a capital: that of a zero is O. What
/// is no Unicode stays as it is.
std::string common_form(std::string_view text) {
    auto made = wide(text);
    if (made) made = folded(*made);
    if (made) made = skeleton(*made);
    if (made) made = folded(*made);
    const auto form = made ? narrow(*made) : std::nullopt;
    return form.value_or(std::string(text));
}

/// The common forms of the characters of ASCII, so that most nicknames need no more than a look.
std::string common_form_of_ascii(std::string_view text) {
    static const auto forms = [] {
        std::array<std::string, 0x80> all;
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = common_form(std::string(1, static_cast<char>(i)));
        return all;
    }();
    std::string form;
    for (const char c : text) form += forms[static_cast<unsigned char>(c)];
    return form;
}

}  // namespace

std::string tidy_nickname(std::string_view nick) {
    std::string tidy;
    for (const char c : trim(nick))
        if (c != ' ' || tidy.back() != ' ') tidy += c;
    return tidy;
}

std::string nickname_key(std::string_view nick) {
    if (is_ascii(nick)) return to_lower_ascii(tidy_nickname(nick));
    const std::string tidy = tidy_nickname(with_blanks_as_spaces(nick));
    if (is_ascii(tidy)) return to_lower_ascii(tidy);
    auto made = wide(tidy);
    if (made) made = folded(*made);
    const auto key = made ? narrow(*made) : std::nullopt;
    return key.value_or(tidy);
}

std::string nickname_likeness(std::string_view nick) {
    if (is_ascii(nick)) return tidy_nickname(common_form_of_ascii(tidy_nickname(nick)));
    return tidy_nickname(common_form(tidy_nickname(with_blanks_as_spaces(nick))));
}

}  // namespace clarion
