#include "server/core/http/http_form.h"

#include <algorithm>

#include "base/text.h"
#include "proto/unicode_text.h"
#include "server/core/http/http_target.h"

namespace clarion::core {

namespace {

std::optional<std::string> decode(std::string_view encoded) {
    std::string spaced(encoded);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    auto decoded = percent_decode(spaced);
    if (decoded && !valid_utf8(*decoded)) return std::nullopt;
    return decoded;
}

}  // namespace

std::optional<HttpForm> HttpForm::parse(std::string_view encoded) {
    HttpForm form;
    for (const std::string_view field : split(encoded, '&')) {
        if (field.empty()) continue;
        const std::size_t equals = field.find('=');
        auto name = decode(field.substr(0, equals));
        auto value =
            equals == std::string_view::npos ? std::string() : decode(field.substr(equals + 1));
        if (!name || !value || form.fields_.size() == most_fields) return std::nullopt;
        form.fields_.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

std::string_view HttpForm::value(std::string_view name) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

bool HttpForm::has(std::string_view name) const {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const auto& field) { return field.first == name; });
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string query;
    for (const auto& [name, value] : fields) {
        if (!query.empty()) query += '&';
        query.append(percent_encode(name)).append("=").append(percent_encode(value));
    }
    return query;
}

std::string_view cookie(const HttpRequest& request, std::string_view name) {
    for (const auto& [field, value] : request.fields) {
        if (!equal_ignoring_case(field, "Cookie")) continue;
        for (std::string_view pair : split(value, ';')) {
            pair = trim(pair);
            if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
                return pair.substr(name.size() + 1);
        }
    }
    return {};
}

bool is_confidential(const HttpRequest& request) {
    const HttpPeer& peer = request.peer;
    if (peer.encrypted) return true;
    const bool from_here = peer.address == "::1" || peer.address.starts_with("127.");
    const bool by_own_name =
        request.host == "localhost" || request.host == "127.0.0.1" || request.host == "[::1]";
    const bool passed_on = peer.proxied || request.has("X-Forwarded-For") ||
                           request.has("Forwarded") || request.has("X-Real-IP") ||
                           request.has("Via");
    return from_here && by_own_name && !passed_on;
}

bool is_of_this_site(const HttpRequest& request) {
    const std::string_view site = request.field("Sec-Fetch-Site");
    if (!site.empty()) return site == "same-origin" || site == "none";
    const std::string_view origin = request.field("Origin");
    return origin.empty() || host_of_url(origin) == request.host;
}

}  // namespace clarion::core
