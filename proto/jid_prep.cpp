#include "proto/jid_prep.h"

#include <unicode/uidna.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <memory>

namespace clarion::jid_prep {

namespace {

/// Mapping may lengthen: one character becomes at most 18 (U+FDFA).
constexpr std::size_t longest_expansion = 18;

Result<std::u16string> to_utf16(std::string_view text) {
    std::u16string wide(text.size(), u'\0');
    std::int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                  static_cast<std::int32_t>(text.size()), &status);
    if (U_FAILURE(status)) return fail(error_code::jid_malformed, "not valid UTF-8");
    wide.resize(static_cast<std::size_t>(length));
    return wide;
}

Result<std::string> to_utf8(std::u16string_view wide) {
    std::string text(3 * wide.size(), '\0');
    std::int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strToUTF8(text.data(), static_cast<std::int32_t>(text.size()), &length, wide.data(),
                static_cast<std::int32_t>(wide.size()), &status);
    if (U_FAILURE(status)) return fail(error_code::jid_malformed, "not valid Unicode");
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::string_view explain(UErrorCode status) {
    switch (status) {
        case U_STRINGPREP_PROHIBITED_ERROR: return "contains a character that is not allowed";
        case U_STRINGPREP_UNASSIGNED_ERROR: return "contains an unassigned character";
        case U_STRINGPREP_CHECK_BIDI_ERROR: return "mixes directions of writing";
        default: return "cannot be prepared";
    }
}

Result<std::string> stringprep(UStringPrepProfileType type, std::string_view text) {
    const auto wide = to_utf16(text);
    if (!wide.ok()) return wide.error();
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UStringPrepProfile, decltype(&usprep_close)> profile(
        usprep_openByType(type, &status), usprep_close);
    std::u16string prepared(longest_expansion * wide->size() + 1, u'\0');
    // Unassigned as of Unicode 3.2: all newer scripts and emoji. The network lets them pass.
    const std::int32_t length =
        U_FAILURE(status)
            ? 0
            : usprep_prepare(profile.get(), wide->data(), static_cast<std::int32_t>(wide->size()),
                             prepared.data(), static_cast<std::int32_t>(prepared.size()),
                             USPREP_ALLOW_UNASSIGNED, nullptr, &status);
    if (U_FAILURE(status)) return fail(error_code::jid_malformed, std::string(explain(status)));
    return to_utf8(std::u16string_view(prepared).substr(0, static_cast<std::size_t>(length)));
}

using Idna = std::unique_ptr<UIDNA, decltype(&uidna_close)>;

Idna open_idna(UErrorCode& status) {
    constexpr std::uint32_t options = UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                      UIDNA_CHECK_CONTEXTO | UIDNA_NONTRANSITIONAL_TO_ASCII |
                                      UIDNA_NONTRANSITIONAL_TO_UNICODE;
    return {uidna_openUTS46(options, &status), uidna_close};
}

/// Not held against a name: hyphens in the third and fourth place exist in the DNS, and the length
/// of the whole name is limited by the address.
constexpr std::uint32_t tolerated = UIDNA_ERROR_HYPHEN_3_4 | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG;

using Conversion = decltype(&uidna_nameToUnicodeUTF8);

Result<std::string> convert(Conversion conversion, std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    const Idna idna = open_idna(status);
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    std::string out(longest_expansion * text.size() + 64, '\0');
    const std::int32_t length =
        U_FAILURE(status)
            ? 0
            : conversion(idna.get(), text.data(), static_cast<std::int32_t>(text.size()),
                         out.data(), static_cast<std::int32_t>(out.size()), &info, &status);
    if (U_FAILURE(status) || (info.errors & ~tolerated) != 0) {
        return fail(error_code::jid_malformed, "is not a valid internationalised domain name");
    }
    out.resize(static_cast<std::size_t>(length));
    return out;
}

}  // namespace

Result<std::string> nodeprep(std::string_view text) {
    return stringprep(USPREP_RFC3920_NODEPREP, text);
}

Result<std::string> resourceprep(std::string_view text) {
    return stringprep(USPREP_RFC3920_RESOURCEPREP, text);
}

Result<std::string> domain_to_unicode(std::string_view text) {
    return convert(&uidna_nameToUnicodeUTF8, text);
}

Result<std::string> domain_to_ascii(std::string_view text) {
    return convert(&uidna_nameToASCII_UTF8, text);
}

}  // namespace clarion::jid_prep
