// The commands `push ...` of whoever administers the server, and what their files share:
// admin_commands.cpp (registrations), admin_test.cpp, admin_stats.cpp (services, and what is wrong
// with them). What they show and do on one shard is in admin.h.
#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "proto/jid.h"
#include "server/core/setup/admin_command.h"

namespace clarion::push {

/// For the row in modules/all.cpp.
const core::AdminArea& admin_area();

/// Whose registrations a command means; `service` and `node` are empty if all.
struct AdminTarget {
    Jid jid;  // bare, of a domain of ours
    std::string service, node;
};
Result<AdminTarget> admin_target(const core::Context& here, const boost::json::object& arguments);

/// For a person: "never" if it is zero.
std::string time_or_never(WallTime time);

/// How a push service is reached at this moment.
struct ServiceRoute {
    enum class Kind : std::uint8_t { component, remote, own };
    Kind kind = Kind::remote;
    bool works = true;  // false: it certainly does not, now
    bool up = false;    // a stream or component is there
    std::string text;   // for a person
};
Task<ServiceRoute> route_to(core::Context& here, std::string domain);

Task<Result<boost::json::value>> test_registrations(core::Context& here,
                                                    const boost::json::object& arguments);
Task<Result<boost::json::value>> list_services(core::Context& here,
                                               const boost::json::object& arguments);

/// What of push should worry whoever runs the server, for `status`.
Task<std::vector<core::AdminAlarm>> alarms(core::Context& here);

}  // namespace clarion::push
