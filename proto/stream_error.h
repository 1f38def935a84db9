// Stream errors: the defined conditions of RFC 6120, section 4.9.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clarion {

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

/// `<stream:error>…</stream:error>`, ready to be written; `text` is optional. Does not close the
/// stream.
std::string stream_error_xml(StreamErrorCondition condition, std::string_view text = {});

}  // namespace clarion
