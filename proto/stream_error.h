// Stream errors: the defined conditions of RFC 6120, section 4.9.3.
#pragma once

#include <cstdint>
#include <string_view>

namespace clarion {

namespace xml {
class Element;
}

enum class StreamErrorCondition : std::uint8_t {
    bad_format,
    bad_namespace_prefix,
    conflict,
    connection_timeout,
    host_gone,
    host_unknown,
    improper_addressing,
    internal_server_error,
    invalid_from,
    invalid_namespace,
    invalid_xml,
    not_authorized,
    not_well_formed,
    policy_violation,
    remote_connection_failed,
    reset,
    resource_constraint,
    restricted_xml,
    see_other_host,
    system_shutdown,
    undefined_condition,
    unsupported_encoding,
    unsupported_feature,
    unsupported_stanza_type,
    unsupported_version,
};

std::string_view name(StreamErrorCondition condition);

/// A stream error to be written (framing.h).
struct StreamError {
    StreamErrorCondition condition;
    /// For humans; may be empty.
    std::string_view text = {};
    /// An application-specific condition beside it (4.9.4), or nullptr.
    const xml::Element* application = nullptr;
};

}  // namespace clarion
