#include <algorithm>
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
    own_ = {server_commands(app), log_commands(), s2s_commands(app), certificate_commands(app)};
    for (const auto& area : own_) all_.push_back(&area);
    for (const auto& row : modules::all())
        for (const auto& area : row.admin_areas) all_.push_back(&area());
    std::sort(all_.begin(), all_.end(),
              [](const auto* one, const auto* other) { return one->name < other->name; });
}

const core::AdminCommand* AdminAreas::find(std::string_view name) const {
    for (const auto* area : all_)
        for (const auto& command : area->commands)
            if (command.name == name) return &command;
    return nullptr;
}

}  // namespace clarion::app
