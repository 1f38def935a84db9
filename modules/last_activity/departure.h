// Departure: when a user went, and what was said then (XEP-0012, 3), as it is kept. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace clarion::last_activity {

/// Of what was said no more is kept, in bytes.
inline constexpr std::size_t max_status = 1024;

struct Departure {
    WallTime time;
    std::string status;  // empty: nothing was said
};

// As the entry is kept (docs/formats.md).
std::string encode(const Departure& departure);
/// Error "bad-record".
Result<Departure> decode_departure(std::string_view value);

}  // namespace clarion::last_activity
