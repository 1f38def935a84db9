// How a command of the administrator's is carried out, whoever asks: the admin socket, and the
// console for who has signed in.
#pragma once

#include <string_view>

#include "server/core/http/http_message.h"
#include "server/core/setup/admin_command.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion::app {

/// The longest body of a request.
inline constexpr std::size_t max_admin_body = 16u << 20;

/// "/v1/push/list" below "/v1/" is "push list".
std::string command_name(std::string_view path, std::string_view prefix);
/// The arguments in a body; an empty one has none. Error: "usage".
Result<boost::json::object> command_arguments(std::string_view body);
/// {"ok":true,"result":…}, or {"ok":false,"error":{"code","text"}} and the status for it.
core::HttpResponse command_answer(const Result<boost::json::value>& result);
core::HttpResponse command_refusal(unsigned status, const Error& error);
unsigned status_of(const Error& error);

}  // namespace clarion::app
