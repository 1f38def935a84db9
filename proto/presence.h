// What presence says (RFC 6121, 4.7).
#pragma once

#include <cstdint>
#include <optional>

#include "proto/stanza.h"

namespace clarion {

/// What <priority/> says: 0 if there is none, nullopt if it is not one integer from -128 to 127
/// (RFC 6121, 4.7.2.3).
std::optional<std::int8_t> presence_priority(const Stanza& presence);

}  // namespace clarion
