#include "server/app/web_status.h"

#include "base/metrics.h"
#include "base/network_list.h"
#include "base/text.h"
#include "proto/crypto.h"
#include "server/app/app.h"
#include "server/app/dropped_lines.h"
#include "server/app/memory_metrics.h"
#include "server/app/session_count.h"
#include "server/core/http/http_routes.h"
#include "server/core/setup/remote_call.h"

namespace clarion::app {

using core::Context;
using core::HttpRequest;
using core::HttpResponse;

namespace {

constexpr std::string_view prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

/// The token of "Authorization: Bearer TOKEN" (RFC 6750, 2.1); empty: there is none.
std::string_view bearer_token(const HttpRequest& request) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view value = request.field("Authorization");
    if (!equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return {};
    return trim(value.substr(scheme.size()));
}

/// Somebody passed the request on, and it is not known whether they tell the truth about whose it
/// is: the address is the proxy's, often this machine's.
bool is_passed_on(const HttpRequest& request) {
    return !request.peer.proxied && (request.has("X-Forwarded-For") || request.has("Forwarded") ||
                                     request.has("X-Real-IP") || request.has("Via"));
}

Task<HttpResponse> answer_metrics(App& app, Context& here, const HttpRequest request) {
    const bool allowed = may_read_metrics(request, here.options<MetricsOptions>());
    if (!allowed) co_return core::http_text(403, "metrics are for those in [metrics] allow");
    const std::function<Task<>(Context&)> measure = [&app](Context&) -> Task<> {
        co_await measure_memory(app);
        co_await measure_sessions(app);
        count_dropped_lines();
    };
    co_await core::call_on_shard(here, 0, measure);
    HttpResponse response;
    response.fields.emplace_back("Content-Type", prometheus_text);
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = metrics().to_prometheus();
    co_return response;
}

Task<HttpResponse> plain(unsigned status, std::string_view text) {
    HttpResponse response = core::http_text(status, text);
    response.fields.emplace_back("Cache-Control", "no-store");
    co_return response;
}

Result<> check_networks(const MetricsOptions& options) {
    const auto parsed = NetworkList::parse(options.allow);
    if (!parsed) return fail(error_code::config, "allow: " + parsed.error().text);
    return {};
}

}  // namespace

void MetricsOptions::declare(OptionTable<MetricsOptions>& t) {
    t.section("metrics",
              "Who may read /metrics, in the text format of Prometheus, from the listeners of type "
              "https and http.")
        .live();
    t.add("allow", &MetricsOptions::allow)
        .doc(
            "Addresses (\"127.0.0.1\") and networks (\"10.0.0.0/8\") that may. What a reverse "
            "proxy passes on is judged by the client's address, if [http] trusted_proxies has the "
            "proxy, and refused if not.");
    t.add("token", &MetricsOptions::token)
        .secret()
        .doc(
            "Who says this in \"Authorization: Bearer TOKEN\" may, from everywhere. Empty: nobody "
            "gets in by a token.");
    t.check(check_networks);
}

bool may_read_metrics(const HttpRequest& request, const MetricsOptions& options) {
    const std::string_view token = bearer_token(request);
    if (!options.token.empty() && crypto::constant_time_equal(token, options.token)) return true;
    if (is_passed_on(request)) return false;
    return NetworkList::of(options.allow).contains(request.peer.address);
}

void serve_status(App& app, core::HttpRoutes& routes) {
    routes.add({.path = "/metrics",
                .methods = {"GET"},
                .handle = [&app](Context& here, HttpRequest request) {
                    return answer_metrics(app, here, std::move(request));
                }});
    routes.add({.path = "/healthz", .methods = {"GET"}, .handle = [](Context&, HttpRequest) {
                    return plain(200, "ok");
                }});
    routes.add({.path = "/readyz", .methods = {"GET"}, .handle = [&app](Context&, HttpRequest) {
                    return app.is_ready() ? plain(200, "ok")
                                          : plain(503, "the server is starting or stopping");
                }});
}

}  // namespace clarion::app
