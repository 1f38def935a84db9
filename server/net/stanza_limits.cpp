#include "server/net/stanza_limits.h"

#include <algorithm>

namespace clarion::net {

xml::Limits stanza_limits(std::int64_t max_stanza_size) {
    xml::Limits limits;
    limits.max_stanza_bytes = static_cast<std::size_t>(max_stanza_size);
    limits.max_start_tag_bytes = std::min(limits.max_start_tag_bytes, limits.max_stanza_bytes);
    return limits;
}

xml::Limits stanza_limits_before_login(const core::C2sOptions& options) {
    xml::Limits limits = stanza_limits(options.max_unauthenticated_stanza_size);
    limits.free_memory = 16384;
    limits.memory_per_byte = 4;
    return limits;
}

}  // namespace clarion::net
