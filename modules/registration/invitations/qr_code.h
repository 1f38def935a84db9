// A QR code (ISO/IEC 18004) as SVG, for a page.
#pragma once

#include <string_view>

#include "server/core/http/html.h"

namespace clarion::registration::invitations {

/// Dark on white, with the margin that readers want. `label`: for who cannot see it. Empty: `text` is
/// too long for one.
core::Html qr_code(std::string_view text, std::string_view label);

}  // namespace clarion::registration::invitations
