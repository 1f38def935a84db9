// HttpRoutes: who answers which requests that come over HTTP.
//
//     setup.serve_http({.path = "/.well-known/host-meta",
//                       .methods = {"GET"},
//                       .cors = HttpCors::any_origin,
//                       .handle = [this](Context& here, HttpRequest request) { … }});
//
// A handler runs on the shard that accepted the connection, whoever it is about: what belongs to an
// account is asked for at its home (ask_at_home()). One table per shard, filled when modules are
// installed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/config.h"
#include "base/task.h"
#include "server/core/http/http_message.h"
#include "server/core/http/http_paths.h"

namespace clarion::core {

class Context;

using HttpHandler = std::function<Task<HttpResponse>(Context& here, HttpRequest request)>;

/// Takes the body of a request as it arrives. Destroyed without finish(): the rest will not come.
class HttpBodySink {
public:
    virtual ~HttpBodySink() = default;
    /// The next piece, valid until it returns. An answer: no more is wanted.
    virtual Task<std::optional<HttpResponse>> write(std::string_view piece) = 0;
    virtual Task<HttpResponse> finish() = 0;
};
/// Decides by the head of a request who takes its body, or answers before that came.
using HttpReceipt = std::variant<HttpResponse, std::unique_ptr<HttpBodySink>>;
using HttpReceiver = std::function<Task<HttpReceipt>(Context& here, HttpRequest request)>;

/// Whether pages of other sites may read the answers (the Fetch standard, "CORS protocol"). Never
/// with credentials of the browser's.
enum class HttpCors : std::uint8_t { no, any_origin };

struct HttpRoute {
    /// "/status": exactly this; "/files/": and everything below.
    std::string path;
    /// OPTIONS is answered from the route, HEAD where there is GET; others get 405.
    std::vector<std::string_view> methods;
    /// The longest body that the handler gets; a longer one gets 413.
    std::size_t max_body = 0;
    HttpCors cors = HttpCors::no;
    /// Fields that such pages may send beside those any may ("Authorization, Content-Type").
    std::string_view cors_fields{};
    HttpHandler handle{};
    /// Takes requests with a body (POST, PUT) instead.
    HttpReceiver receive{};
};

class HttpRoutes {
public:
    /// REQUIRES: no other has this path.
    void add(HttpRoute route);
    /// The one with the longest path that fits; nullptr: none does.
    const HttpRoute* find(std::string_view path) const;

    /// Where browsers reach `host`: [http] external_url, without a slash at its end; if there is
    /// none, "https://HOST:PORT" of the first listener for HTTP. Empty: nothing listens.
    std::string base_url(const Config& config, std::string_view host) const;
    /// What the latter is made of. `scheme`: "https" or "http".
    void set_listener(std::string scheme, std::uint16_t port);

    /// Where XMPP is spoken over HTTP, below base_url().
    const HttpPaths& paths() const { return paths_; }
    void set_paths(HttpPaths paths) { paths_ = std::move(paths); }

private:
    std::vector<std::unique_ptr<const HttpRoute>> routes_;  // longest path first
    std::string scheme_;
    std::uint16_t port_ = 0;
    HttpPaths paths_;
};

}  // namespace clarion::core
