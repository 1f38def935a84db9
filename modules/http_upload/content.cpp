#include "modules/http_upload/content.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"
#include "server/core/http/http_target.h"

namespace clarion::http_upload {

namespace {

constexpr std::size_t max_type = 127;
constexpr std::string_view unknown = "application/octet-stream";
/// Those that have scripts, or that a browser may read as a page.
constexpr std::array<std::string_view, 18> pictures{
    "image/png",   "image/jpeg", "image/gif",      "image/webp",
    "image/avif",  "image/apng", "image/heic",     "image/heif",
    "image/bmp",   "image/jxl",  "image/tiff",     "image/x-icon",
    "image/jp2",   "image/jpg",  "image/x-ms-bmp", "image/vnd.microsoft.icon",
    "image/pjpeg", "image/x-png"};
constexpr std::array<std::string_view, 2> saved{"text/plain", "application/pdf"};

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_media(std::string_view type) {
    const bool plays = type.starts_with("audio/") || type.starts_with("video/");
    return plays && type.find("xml") == std::string_view::npos;
}

/// For clients that know no filename*: ASCII alone, and nothing that ends the string.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 && byte < 0xc0) continue;  // goes on with a character
        const bool fits = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '%';
        plain += fits ? c : '_';
    }
    return plain;
}

}  // namespace

std::optional<std::string> media_type(std::string_view text) {
    std::string type = to_lower_ascii(trim(text.substr(0, text.find(';'))));
    const std::size_t slash = type.find('/');
    if (type.size() > max_type || slash == std::string::npos) return std::nullopt;
    const std::string_view whole = type;
    if (!is_token(whole.substr(0, slash)) || !is_token(whole.substr(slash + 1)))
        return std::nullopt;
    return type;
}

bool is_one_of(std::string_view type, const std::vector<std::string>& ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [type](const std::string& each) {
        const std::string range = to_lower_ascii(each);
        if (range == "*/*") return true;
        if (!range.ends_with("/*")) return range == type;
        return type.starts_with(std::string_view(range).substr(0, range.size() - 1));
    });
}

bool is_shown(std::string_view type) {
    return is_media(type) || std::find(pictures.begin(), pictures.end(), type) != pictures.end();
}

std::string_view answered_type(std::string_view type) {
    if (is_shown(type)) return type;
    const auto known = std::find(saved.begin(), saved.end(), type);
    return known == saved.end() ? unknown : *known;
}

std::string disposition(std::string_view type, std::string_view name) {
    std::string value = is_shown(type) ? "inline" : "attachment";
    value.append("; filename=\"").append(plain_name(name)).append("\"");
    value.append("; filename*=UTF-8''").append(core::percent_encode(name));
    return value;
}

std::vector<core::HttpField> fields_of(std::string_view type, std::string_view name,
                                       std::optional<Duration> left) {
    constexpr auto year = std::chrono::seconds(31536000);
    auto age = year;
    if (left) age = std::min(year, std::chrono::floor<std::chrono::seconds>(*left));
    return {{"Content-Disposition", disposition(type, name)},
            {"Cache-Control", "public, max-age=" + std::to_string(age.count()) + ", immutable"},
            {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"},
            {"X-Content-Type-Options", "nosniff"},
            {"Cross-Origin-Resource-Policy", "cross-origin"}};
}

}  // namespace clarion::http_upload
