#include <boost/json/value.hpp>

#include "modules/all.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"

namespace clarion::app {

core::AdminHandler with(App& app, AppCommand run) {
    return [&app, run](core::Context&, const boost::json::object& arguments) {
        return run(app, arguments);
    };
}

AdminAreas::AdminAreas(App& app) {
    own_ = {server_commands(app),     log_commands(),       user_commands(app),
            session_commands(app),    client_commands(app), s2s_commands(app),
            certificate_commands(app)};
    for (const auto& area : own_) all_.push_back(&area);
    for (const auto& row : modules::all())
        if (row.admin_area) all_.push_back(&row.admin_area());
}

const core::AdminCommand* AdminAreas::find(std::string_view name) const {
    for (const auto* area : all_)
        for (const auto& command : area->commands)
            if (command.name == name) return &command;
    return nullptr;
}

}  // namespace clarion::app
