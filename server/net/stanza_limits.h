// What one top-level element of a stream may cost, by the options.
#pragma once

#include <cstdint>

#include "proto/xml_stream.h"
#include "server/core/options.h"

namespace clarion::net {

/// Of a peer that is authenticated, and may have so many bytes.
xml::Limits stanza_limits(std::int64_t max_stanza_size);
/// Of one that is not: no more memory than a login needs.
xml::Limits stanza_limits_before_login(const core::C2sOptions& options);

}  // namespace clarion::net
