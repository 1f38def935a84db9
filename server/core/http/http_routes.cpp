#include "server/core/http/http_routes.h"

#include <algorithm>
#include <cassert>

#include "proto/jid.h"
#include "server/core/http_options.h"

namespace clarion::core {

namespace {

bool fits(const HttpRoute& route, std::string_view path) {
    return route.path.back() == '/' ? path.starts_with(route.path) : path == route.path;
}

}  // namespace

void HttpRoutes::add(HttpRoute route) {
    assert(!route.path.empty());
    const auto at = std::find_if(routes_.begin(), routes_.end(), [&](const auto& other) {
        assert(other->path != route.path);
        return other->path.size() < route.path.size();
    });
    routes_.insert(at, std::make_unique<const HttpRoute>(std::move(route)));
}

const HttpRoute* HttpRoutes::find(std::string_view path) const {
    for (const auto& route : routes_)
        if (fits(*route, path)) return route.get();
    return nullptr;
}

void HttpRoutes::set_listener(std::string scheme, std::uint16_t port) {
    scheme_ = std::move(scheme);
    port_ = port;
}

std::string HttpRoutes::base_url(const Config& config, std::string_view host) const {
    std::string url = config.get<HttpOptions>(host).external_url;
    while (url.ends_with('/')) url.pop_back();
    if (!url.empty() || scheme_.empty()) return url;
    const auto ascii = domain_to_ascii(host);
    url.append(scheme_).append("://").append(ascii ? *ascii : host);
    const bool usual = port_ == (scheme_ == "https" ? 443 : 80);
    if (!usual) url.append(":").append(std::to_string(port_));
    return url;
}

}  // namespace clarion::core
