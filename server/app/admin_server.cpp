#include "server/app/admin_server.h"

#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "server/app/admin_api.h"
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

Task<core::HttpResponse> trace(App& app, const json::object& arguments, std::string asker) {
    auto feed = co_await begin_trace(app, arguments, std::move(asker));
    if (!feed) co_return command_refusal(status_of(feed.error()), feed.error());
    core::HttpResponse response;
    response.fields.emplace_back("Content-Type", "application/x-ndjson");
    response.body = std::move(*feed);
    co_return response;
}

Task<core::HttpResponse> handle(App& app, core::HttpRequest request) {
    const std::string name = command_name(request.path, prefix);
    if (name == "commands") co_return command_answer(core::describe(app.admin_areas().all()));
    const core::AdminCommand* command = app.admin_areas().find(name);
    if (!command)
        co_return command_refusal(404, fail(error_code::usage, "unknown command: " + name));
    const Result<json::object> arguments = command_arguments(request.body);
    if (!arguments) co_return command_refusal(400, arguments.error());
    logger.debug("command", {{"name", name}});
    if (!command->run) {
        std::string asker = "uid " + std::to_string(request.peer.user) + ", pid " +
                            std::to_string(request.peer.process);
        co_return co_await trace(app, *arguments, std::move(asker));
    }
    const core::AdminAsker at_the_server;
    const Result<json::value> result =
        co_await command->run(app.context(), *arguments, at_the_server);
    co_return command_answer(result);
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
                       .max_body = max_admin_body,
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
