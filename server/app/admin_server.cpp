#include "server/app/admin_server.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/net/listener_types.h"
#include "server/net/shard_net.h"
#include "server/net/unix_socket.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

constexpr Logger logger{"admin"};
constexpr std::string_view prefix = "/v1/";
constexpr std::size_t max_body = 16u << 20;

unsigned status_of(const Error& error) {
    if (error.is(error_code::usage) || error.is(error_code::jid_malformed) ||
        error.is(error_code::not_acceptable))
        return 400;
    if (error.is(error_code::item_not_found)) return 404;
    if (error.is(error_code::conflict)) return 409;
    return 500;
}

core::HttpResponse json_response(unsigned status, const json::value& body) {
    core::HttpResponse response;
    response.status = status;
    response.fields.emplace_back("Content-Type", "application/json");
    response.body = json::serialize(body) + '\n';
    return response;
}

core::HttpResponse refusal(unsigned status, const Error& error) {
    return json_response(
        status,
        json::object{{"ok", false}, {"error", {{"code", error.code}, {"text", error.text}}}});
}

core::HttpResponse answer(const json::value& result) {
    return json_response(200, json::object{{"ok", true}, {"result", result}});
}

Task<core::HttpResponse> trace(App& app, const json::object& arguments, std::string asker) {
    auto feed = co_await begin_trace(app, arguments, std::move(asker));
    if (!feed) co_return refusal(status_of(feed.error()), feed.error());
    core::HttpResponse response;
    response.fields.emplace_back("Content-Type", "application/x-ndjson");
    response.body = std::move(*feed);
    co_return response;
}

Task<core::HttpResponse> handle(App& app, core::HttpRequest request) {
    std::string name = request.path.substr(prefix.size());
    std::replace(name.begin(), name.end(), '/', ' ');
    if (name == "commands") co_return answer(core::describe(app.admin_areas().all()));
    const core::AdminCommand* command = app.admin_areas().find(name);
    if (!command) co_return refusal(404, fail(error_code::usage, "unknown command: " + name));
    boost::system::error_code error;
    const json::value parsed =
        request.body.empty() ? json::value(json::object()) : json::parse(request.body, error);
    if (error || !parsed.is_object())
        co_return refusal(400, fail(error_code::usage, "the body must be a JSON object"));
    logger.debug("command", {{"name", name}});
    if (!command->run) {
        std::string asker = "uid " + std::to_string(request.peer.user) + ", pid " +
                            std::to_string(request.peer.process);
        co_return co_await trace(app, parsed.get_object(), std::move(asker));
    }
    core::Context& here = app.context();
    const Result<json::value> result = co_await command->run(here, parsed.get_object());
    if (!result) co_return refusal(status_of(result.error()), result.error());
    co_return answer(*result);
}

constexpr net::ListenerType listener_type{"admin",
                                          "clarionctl",
                                          0,
                                          nullptr,
                                          "",
                                          "",
                                          net::HttpConnection::accept_admin,
                                          net::DescriptorUse::client};

}  // namespace

AdminServer::AdminServer(App& app) : app_(app) {
    admin_.routes.add({.path = std::string(prefix),
                       .methods = {"POST"},
                       .max_body = max_body,
                       .handle = [&app](core::Context&, core::HttpRequest request) {
                           return handle(app, std::move(request));
                       }});
}

Result<> AdminServer::start(const std::string& path) {
    auto socket = net::listen_on_unix_socket(path);
    if (!socket) return socket.error();
    path_ = path;
    app_.context().shards().post(0, [this, &net = app_.net(0), fd = std::move(*socket)]() mutable {
        net.attach(&admin_);
        if (auto listening = net.listen(listener_type, std::move(fd)); !listening)
            logger.error("admin-socket", {{"text", listening.error().text}});
    });
    return {};
}

void AdminServer::stop() {
    if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
}

}  // namespace clarion::app
