#include "server/app/admin_api.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/core/setup/admin_rights.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

core::HttpResponse json_response(unsigned status, const json::value& body) {
    core::HttpResponse response;
    response.status = status;
    response.fields.emplace_back("Content-Type", "application/json");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = json::serialize(body) + '\n';
    return response;
}

}  // namespace

std::string command_name(std::string_view path, std::string_view prefix) {
    std::string name(path.substr(prefix.size()));
    std::replace(name.begin(), name.end(), '/', ' ');
    return name;
}

Result<json::object> command_arguments(std::string_view body) {
    if (body.empty()) return json::object();
    boost::system::error_code error;
    json::value parsed = json::parse(body, error);
    if (error || !parsed.is_object())
        return fail(error_code::usage, "the body must be a JSON object");
    return std::move(parsed.get_object());
}

unsigned status_of(const Error& error) {
    if (error.is(error_code::usage) || error.is(error_code::jid_malformed) ||
        error.is(error_code::not_acceptable))
        return 400;
    if (error.is(core::not_permitted)) return 403;
    if (error.is(error_code::item_not_found)) return 404;
    if (error.is(error_code::conflict)) return 409;
    return 500;
}

core::HttpResponse command_refusal(unsigned status, const Error& error) {
    return json_response(
        status,
        json::object{{"ok", false}, {"error", {{"code", error.code}, {"text", error.text}}}});
}

core::HttpResponse command_answer(const Result<json::value>& result) {
    if (!result) return command_refusal(status_of(result.error()), result.error());
    return json_response(200, json::object{{"ok", true}, {"result", *result}});
}

}  // namespace clarion::app
