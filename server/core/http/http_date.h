// Dates as HTTP writes them (RFC 9110, 5.6.7). Pure; seconds are the finest there is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace clarion::core {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(WallTime time);
/// That form, and the two obsolete ones. nullopt: it is none of them.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace clarion::core
