// Stream limits (XEP-0478): what a stream takes, said in its features. Pure.
#pragma once

#include <cstdint>

#include "proto/xml.h"

namespace clarion {

struct StreamLimits {
    std::int64_t max_bytes = 0;     // of one element; 0: not said
    std::int64_t idle_seconds = 0;  // of silence, until the peer is asked or dropped; 0: not said
};

/// Adds <limits/> to <stream:features/>, unless there is nothing to say.
void add_stream_limits(xml::Element& features, const StreamLimits& limits);

}  // namespace clarion
