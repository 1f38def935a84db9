// The admin commands of the server itself, by area. Those of modules are in their rows
// (modules/all.cpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/core/setup/admin_command.h"

namespace clarion::core {
class HttpFeed;
}

namespace clarion::app {

class App;

/// What is carried out with the whole server at hand; as core::AdminHandler.
using AppCommand = Task<Result<boost::json::value>> (*)(App&, const boost::json::object& arguments);
core::AdminHandler with(App& app, AppCommand run);

core::AdminArea server_commands(App& app);       // status stop reload metrics history ...
core::AdminArea log_commands();                  // log level
core::AdminArea s2s_commands(App& app);          // s2s list test
core::AdminArea certificate_commands(App& app);  // cert check
core::AdminCommand backup_command(App& app);
core::AdminCommand history_command(App& app);
core::AdminCommand trace_command();

/// Those of the server itself, and of every module.
class AdminAreas {
public:
    explicit AdminAreas(App& app);
    AdminAreas(const AdminAreas&) = delete;
    AdminAreas& operator=(const AdminAreas&) = delete;

    /// "push list"; nullptr: there is no such command.
    const core::AdminCommand* find(std::string_view name) const;
    const std::vector<const core::AdminArea*>& all() const { return all_; }

private:
    std::vector<core::AdminArea> own_;
    std::vector<const core::AdminArea*> all_;  // into own_, and the modules'
};

/// trace: {"jid", "s2s", "with_bodies"}; one of the first two. `asker` is for the log.
Task<Result<std::unique_ptr<core::HttpFeed>>> begin_trace(App& app,
                                                          const boost::json::object& arguments,
                                                          std::string asker);

}  // namespace clarion::app
