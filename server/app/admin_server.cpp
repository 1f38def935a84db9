#include "server/app/admin_server.h"

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

const AdminRow* find_command(std::string_view name) {
    for (const auto rows : {server_commands(), user_commands(), session_commands(), push_commands(),
                            s2s_commands(), archive_commands(), backup_commands()})
        for (const auto& row : rows)
            if (row.name == name) return &row;
    return nullptr;
}

unsigned status_of(const Error& error) {
    if (error.code == "usage" || error.code == "jid-malformed" || error.code == "not-acceptable")
        return 400;
    if (error.code == "item-not-found") return 404;
    if (error.code == "conflict") return 409;
    return 500;
}

net::AdminResponse refusal(unsigned status, const Error& error) {
    const json::object body{{"ok", false}, {"error", {{"code", error.code}, {"text", error.text}}}};
    return {.status = status, .body = json::serialize(body) + '\n'};
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
        co_return refusal(404, fail("usage", "POST /v1/COMMAND with a JSON object"));
    const std::string name = request.target.substr(prefix.size());
    const AdminRow* row = find_command(name);
    if (!row && name != "trace") co_return refusal(404, fail("usage", "unknown command: " + name));
    boost::system::error_code error;
    const json::value parsed =
        request.body.empty() ? json::value(json::object()) : json::parse(request.body, error);
    if (error || !parsed.is_object())
        co_return refusal(400, fail("usage", "the body must be a JSON object"));
    logger.debug("command", {{"name", name}});
    if (!row) {
        std::string asker =
            "uid " + std::to_string(request.user) + ", pid " + std::to_string(request.process);
        co_return co_await trace(app, parsed.get_object(), std::move(asker));
    }
    const Result<json::value> result = co_await row->run(app, parsed.get_object());
    if (!result) co_return refusal(status_of(result.error()), result.error());
    const json::object body{{"ok", true}, {"result", *result}};
    co_return net::AdminResponse{.body = json::serialize(body) + '\n'};
}

}  // namespace

struct AdminServer::Impl {
    explicit Impl(App& a)
        : app(a), socket(a.shared().shards.at(0), [&a](net::AdminRequest request) {
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
    impl_->app.shared().shards.post(0, [impl = impl_, done] {
        impl->app.shared().cores[0]->scope().spawn("admin-stop", Stop::run(impl, done));
    });
    stopped.wait_for(std::chrono::seconds(5));
}

std::string_view text(const json::object& arguments, std::string_view name) {
    const json::value* value = arguments.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

}  // namespace clarion::app
