#include "server/core/http/http_message.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace clarion::core {

namespace {

const HttpField* find(const std::vector<HttpField>& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const HttpField& field) {
        return equal_ignoring_case(field.first, name);
    });
    return found == fields.end() ? nullptr : &*found;
}

constexpr std::array<std::pair<unsigned, std::string_view>, 34> reasons{{
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

}  // namespace

std::string_view HttpRequest::field(std::string_view name) const {
    const HttpField* found = find(fields, name);
    return found ? std::string_view(found->second) : std::string_view();
}

bool HttpRequest::has(std::string_view name) const { return find(fields, name) != nullptr; }

HttpResponse http_text(unsigned status, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
    response.body = std::string(text) + "\n";
    return response;
}

std::string_view http_reason(unsigned status) {
    for (const auto& [number, reason] : reasons)
        if (number == status) return reason;
    return "Unknown";
}

}  // namespace clarion::core
