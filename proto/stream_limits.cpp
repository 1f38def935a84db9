#include "proto/stream_limits.h"

#include <string>

#include "proto/ns.h"

namespace clarion {

void add_stream_limits(xml::Element& features, const StreamLimits& limits) {
    if (limits.max_bytes <= 0 && limits.idle_seconds <= 0) return;
    xml::Element& said = features.add("limits", ns::stream_limits);
    if (limits.max_bytes > 0) said.add_text_child("max-bytes", std::to_string(limits.max_bytes));
    if (limits.idle_seconds > 0)
        said.add_text_child("idle-seconds", std::to_string(limits.idle_seconds));
}

}  // namespace clarion
