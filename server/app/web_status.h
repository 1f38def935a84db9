// How the server is, for programs that ask over HTTP: /metrics for Prometheus, /healthz and /readyz
// for whoever starts and stops servers.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "server/core/http/http_message.h"

namespace clarion::core {
class HttpRoutes;
}

namespace clarion::app {

class App;

struct MetricsOptions {
    std::vector<std::string> allow{"127.0.0.1", "::1"};
    std::string token;
    static void declare(OptionTable<MetricsOptions>& table);
};

/// Whether who asks may read metrics: by the token, or by the address it comes from. What came by a
/// proxy that is not trusted has no address of its own.
bool may_read_metrics(const core::HttpRequest& request, const MetricsOptions& options);

/// Adds the routes to those of one shard, which the App outlives.
void serve_status(App& app, core::HttpRoutes& routes);

}  // namespace clarion::app
