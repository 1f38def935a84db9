#include "server/core/http/http_target.h"

#include <algorithm>

#include "base/text.h"

namespace clarion::core {

namespace {

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_safe(std::string_view path) {
    if (!path.starts_with('/')) return false;
    const bool plain = std::none_of(path.begin(), path.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f || byte == '\\';
    });
    if (!plain) return false;
    const auto segments = split(path, '/');
    return std::none_of(segments.begin(), segments.end(),
                        [](std::string_view each) { return each == "." || each == ".."; });
}

bool is_name(std::string_view host) {
    const std::string_view also = host.starts_with('[') ? "[]:.%" : ".-_";
    return !host.empty() && host.size() <= 255 &&
           std::all_of(host.begin(), host.end(), [&](char c) {
               return is_alphanumeric(c) || also.find(c) != std::string_view::npos;
           });
}

/// Takes "https://host" off the front.
std::optional<std::string> take_authority(std::string_view& target) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return std::nullopt;
    const std::string name = to_lower_ascii(target.substr(0, scheme));
    if (name != "http" && name != "https") return std::nullopt;
    target.remove_prefix(scheme + 3);
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    auto host = parse_http_host(target.substr(0, end));
    target.remove_prefix(end);
    return host;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

std::string percent_encode(std::string_view text, std::string_view also) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
            also.find(c) != std::string_view::npos)
            encoded += c;
        else
            encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return encoded;
}

std::optional<std::string> parse_http_host(std::string_view host) {
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view port = host.substr(end + 1);
        if (!port.empty() && port.front() != ':') return std::nullopt;
        host = host.substr(0, end + 1);
    } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        const std::string_view port = host.substr(colon + 1);
        if (port.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
        host = host.substr(0, colon);
    }
    if (host.ends_with('.')) host.remove_suffix(1);  // the root of DNS, which names no other host
    if (!is_name(host)) return std::nullopt;
    return to_lower_ascii(host);
}

std::optional<HttpTarget> parse_http_target(std::string_view target) {
    HttpTarget parsed;
    if (!target.starts_with('/')) {
        auto host = take_authority(target);
        if (!host) return std::nullopt;
        parsed.host = std::move(*host);
    }
    const std::size_t question = target.find('?');
    if (question != std::string_view::npos) parsed.query = target.substr(question + 1);
    const std::string_view path = target.substr(0, question);
    auto decoded = percent_decode(path.empty() ? "/" : path);
    if (!decoded || !is_safe(*decoded)) return std::nullopt;
    parsed.path = std::move(*decoded);
    return parsed;
}

std::string host_of_url(std::string_view url) {
    const auto target = parse_http_target(url);
    return target ? target->host : std::string();
}

}  // namespace clarion::core
