#include "server/core/http/http_host.h"

#include "proto/jid.h"
#include "server/core/http/http_target.h"
#include "server/core/http_options.h"

namespace clarion::core {

namespace {

/// Whether anybody may ask by this name, whatever they mean.
bool is_anybodys(std::string_view name) {
    return name == "localhost" || name.starts_with('[') ||
           name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> http_host(const Domains& domains, const Config& config,
                                     std::string_view name) {
    if (name.empty()) return std::nullopt;
    for (const std::string& host : domains.hosts()) {
        const auto ascii = domain_to_ascii(host);
        if (host == name || (ascii && *ascii == name)) return host;
    }
    if (is_anybodys(name)) return std::nullopt;
    std::optional<std::string> found;
    for (const std::string& host : domains.hosts()) {
        if (host_of_url(config.get<HttpOptions>(host).external_url) != name) continue;
        if (found) return std::nullopt;
        found = host;
    }
    return found;
}

}  // namespace clarion::core
