#include "proto/stream_error.h"

#include <array>

namespace clarion {

namespace {

/// RFC 6120, 4.9.3.1 to 4.9.3.25, in the order of the enumeration.
constexpr std::array<std::string_view, 25> names{
    "bad-format",
    "bad-namespace-prefix",
    "conflict",
    "connection-timeout",
    "host-gone",
    "host-unknown",
    "improper-addressing",
    "internal-server-error",
    "invalid-from",
    "invalid-namespace",
    "invalid-xml",
    "not-authorized",
    "not-well-formed",
    "policy-violation",
    "remote-connection-failed",
    "reset",
    "resource-constraint",
    "restricted-xml",
    "see-other-host",
    "system-shutdown",
    "undefined-condition",
    "unsupported-encoding",
    "unsupported-feature",
    "unsupported-stanza-type",
    "unsupported-version",
};
static_assert(static_cast<std::size_t>(StreamErrorCondition::unsupported_version) + 1 ==
              names.size());

}  // namespace

std::string_view name(StreamErrorCondition condition) {
    return names[static_cast<std::size_t>(condition)];
}

}  // namespace clarion
