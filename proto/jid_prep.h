// Preparation of the parts of an address that are not plain ASCII, by ICU.
//
// For jid.cpp alone, which answers the common ASCII cases itself. Pure functions, any thread (ICU
// guards its own tables). Results are not yet checked for length, nor for characters that only an
// ASCII check refuses.
// Source: RFC 3920, appendices A and B (nodeprep, resourceprep), RFC 3454; UTS 46 for domains.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::jid_prep {

/// Case-folds and normalises a localpart. Errors: "jid-malformed".
Result<std::string> nodeprep(std::string_view text);
/// Normalises a resource. Errors: "jid-malformed".
Result<std::string> resourceprep(std::string_view text);

/// Lower-case U-labels, non-transitional ('ß' stays). Errors: "jid-malformed".
Result<std::string> domain_to_unicode(std::string_view text);
/// A-labels. Errors: "jid-malformed".
Result<std::string> domain_to_ascii(std::string_view text);

}  // namespace clarion::jid_prep
