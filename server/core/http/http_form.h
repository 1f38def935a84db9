// HttpForm: what somebody filled in on a page (application/x-www-form-urlencoded, as the URL
// standard has it), and the cookies that a browser brings (RFC 6265). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/core/http/http_message.h"

namespace clarion::core {

class HttpForm {
public:
    /// A form has no more fields.
    static constexpr std::size_t most_fields = 100;

    HttpForm() = default;
    /// The body of a POST, or the query of a GET. nullopt: it is none, is not UTF-8, or has too many
    /// fields.
    static std::optional<HttpForm> parse(std::string_view encoded);

    /// The first field of that name; empty if there is none.
    std::string_view value(std::string_view name) const;
    bool has(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// Such text of fields: "a=b&c=d%20e".
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& fields);

/// The value of a cookie; empty if there is none of that name. Several of one name: the first.
std::string_view cookie(const HttpRequest& request, std::string_view name);

/// Whether nobody between can read along: it came by TLS, or from this machine by its own name, without
/// a proxy in between (which would pass on what it got in the clear from anywhere).
bool is_confidential(const HttpRequest& request);

/// Whether a page of ours, and no other site's, made the browser ask: by Sec-Fetch-Site, else by
/// Origin. Who sends neither is no browser of today's, and is let in: what changes something wants a
/// token beside.
bool is_of_this_site(const HttpRequest& request);

}  // namespace clarion::core
