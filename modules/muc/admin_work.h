// What the commands of admin_commands.h do: each where the room is at home, and answered when it is
// durable. Errors: "usage" of arguments that make no sense, "item-not-found", and as the room says.
#pragma once

#include "base/result.h"
#include "base/task.h"
#include "server/core/setup/admin_command.h"

namespace clarion::muc::admin {

namespace json = boost::json;
using core::Context;

Task<Result<json::value>> list(Context& here, const json::object& arguments);
Task<Result<json::value>> show(Context& here, const json::object& arguments);
Task<Result<json::value>> history(Context& here, const json::object& arguments);
Task<Result<json::value>> create(Context& here, const json::object& arguments);
Task<Result<json::value>> destroy(Context& here, const json::object& arguments);
Task<Result<json::value>> config(Context& here, const json::object& arguments);
Task<Result<json::value>> affiliation(Context& here, const json::object& arguments);
Task<Result<json::value>> kick(Context& here, const json::object& arguments);

}  // namespace clarion::muc::admin
