// The commands of the admin socket, by area; admin_server.cpp finds them here by name.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion::net {
class AdminFeed;
}

namespace clarion::app {

class App;

/// Runs on shard 0. `arguments` outlives the coroutine. Errors: "usage" (400), "item-not-found"
/// (404), "conflict" (409), others 500.
using AdminCommand =
    std::function<Task<Result<boost::json::value>>(App&, const boost::json::object& arguments)>;

struct AdminRow {
    std::string_view name;  // "user/add"
    AdminCommand run;
};

std::span<const AdminRow> server_commands();   // status stop reload log/level metrics
std::span<const AdminRow> user_commands();     // user/add delete passwd disable ...
std::span<const AdminRow> session_commands();  // session/list kick
std::span<const AdminRow> push_commands();     // push/list show ping test remove stats
std::span<const AdminRow> s2s_commands();      // s2s/list test
std::span<const AdminRow> archive_commands();  // archive/stats purge export
std::span<const AdminRow> backup_commands();   // backup

/// trace: {"jid", "s2s", "with_bodies"}; one of the first two. `asker` is for the log.
Task<Result<std::unique_ptr<net::AdminFeed>>> begin_trace(App& app,
                                                          const boost::json::object& arguments,
                                                          std::string asker);

/// A string argument; empty if absent. Numbers and others: "usage".
std::string_view text(const boost::json::object& arguments, std::string_view name);

}  // namespace clarion::app
