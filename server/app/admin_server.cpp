#include "server/app/admin_server.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>

#include "base/log.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/net/admin_socket.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

constexpr Logger logger{"admin"};
constexpr std::string_view prefix = "/v1/";

unsigned status_of(const Error& error) {
    if (error.is(error_code::usage) || error.is(error_code::jid_malformed) ||
        error.is(error_code::not_acceptable))
        return 400;
    if (error.is(error_code::item_not_found)) return 404;
    if (error.is(error_code::conflict)) return 409;
    return 500;
}

net::AdminResponse refusal(unsigned status, const Error& error) {
    const json::object body{{"ok", false}, {"error", {{"code", error.code}, {"text", error.text}}}};
    return {.status = status, .body = json::serialize(body) + '\n'};
}

net::AdminResponse answer(const json::value& result) {
    const json::object body{{"ok", true}, {"result", result}};
    return {.body = json::serialize(body) + '\n'};
}

Task<net::AdminResponse> trace(App& app, const json::object& arguments, std::string asker) {
    auto feed = co_await begin_trace(app, arguments, std::move(asker));
    if (!feed) co_return refusal(status_of(feed.error()), feed.error());
    net::AdminResponse answer;
    answer.content_type = "application/x-ndjson";
    answer.feed = std::move(*feed);
    co_return answer;
}

Task<net::AdminResponse> handle(App& app, net::AdminRequest request) {
    if (request.method != "POST" || !request.target.starts_with(prefix))
        co_return refusal(404, fail(error_code::usage, "POST /v1/COMMAND with a JSON object"));
    std::string name = request.target.substr(prefix.size());
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
        std::string asker =
            "uid " + std::to_string(request.user) + ", pid " + std::to_string(request.process);
        co_return co_await trace(app, parsed.get_object(), std::move(asker));
    }
    core::Context& here = app.context();
    const Result<json::value> result = co_await command->run(here, parsed.get_object());
    if (!result) co_return refusal(status_of(result.error()), result.error());
    co_return answer(*result);
}

}  // namespace

struct AdminServer::Impl {
    explicit Impl(App& a)
        : app(a), socket(a.context().shards().at(0), [&a](net::AdminRequest request) {
              return handle(a, std::move(request));
          }) {}
    App& app;
    net::AdminSocket socket;
};

AdminServer::AdminServer(App& app) : impl_(std::make_shared<Impl>(app)) {}
AdminServer::~AdminServer() = default;

Result<> AdminServer::start(const std::string& path) { return impl_->socket.listen(path); }

void AdminServer::stop() {
    struct Stop {
        static Task<> run(std::shared_ptr<Impl> impl, std::shared_ptr<std::promise<void>> done) {
            co_await impl->socket.stop();
            done->set_value();
        }
    };
    auto done = std::make_shared<std::promise<void>>();
    auto stopped = done->get_future();
    impl_->app.context().shards().post(0, [impl = impl_, done] {
        impl->app.context().scope().spawn("admin-stop", Stop::run(impl, done));
    });
    stopped.wait_for(std::chrono::seconds(5));
}

}  // namespace clarion::app
