// Asking a World over HTTP, without sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/core/http/http_routes.h"
#include "tests/support/world.h"

namespace clarion::test {

/// What the route of that path answers on shard 1. nullopt: there is no route.
inline std::optional<core::HttpResponse> ask_web(World& world, core::HttpRequest request) {
    std::optional<core::HttpResponse> answer;
    world.run_on(1, [&](core::Core& core) -> Task<> {
        const core::HttpRoute* route = core.http_routes().find(request.path);
        if (!route) co_return;
        auto asked = route->handle(core, std::move(request));
        answer.emplace(co_await std::move(asked));
    });
    return answer;
}

inline std::string_view field(const core::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.fields)
        if (key == name) return value;
    return {};
}

}  // namespace clarion::test
