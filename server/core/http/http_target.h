// HttpTarget: what a request asks for, taken apart and made safe (RFC 9112, 3.2; RFC 3986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clarion::core {

struct HttpTarget {
    /// Percent-decoded once; begins with '/'. None of its segments is "." or "..", it has no byte
    /// below space, no DEL and no backslash: it may be appended to a directory.
    std::string path;
    std::string query;  // as it was sent, without '?'
    std::string host;   // of the absolute form; empty: Host says it
};

/// The origin form ("/a?b") and the absolute form ("https://host/a"). nullopt: something else, or a
/// path that the above does not allow, a percent sign that encodes nothing among it.
std::optional<HttpTarget> parse_http_target(std::string_view target);

/// The name in a Host field, in lower case, without port ("[::1]:80" is "[::1]"). nullopt: it is
/// none.
std::optional<std::string> parse_http_host(std::string_view host);

/// The name in a URL such as external_url, in lower case, without port; empty: there is none.
std::string host_of_url(std::string_view url);

/// Decodes percent signs; nullopt: one that encodes nothing.
std::optional<std::string> percent_decode(std::string_view text);
/// Encodes everything but RFC 3986's unreserved characters and those in `also`.
std::string percent_encode(std::string_view text, std::string_view also = {});

}  // namespace clarion::core
