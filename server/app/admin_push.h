// What the files of the admin socket's push commands share: admin_push.cpp (registrations),
// admin_push_test.cpp, admin_push_stats.cpp (services, and what is wrong with them).
#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "proto/jid.h"

namespace boost::json {
class array;
class object;
class value;
}  // namespace boost::json

namespace clarion::app {

class App;

/// Whose registrations a command means; `service` and `node` are empty if all.
struct PushTarget {
    Jid jid;  // bare, of a domain of ours
    std::string service, node;
};
Result<PushTarget> push_target(App& app, const boost::json::object& arguments);

/// For a person: "never" if it is zero.
std::string time_or_never(WallTime time);

/// How a push service is reached at this moment.
struct PushRoute {
    enum class Kind : std::uint8_t { component, remote, own };
    Kind kind = Kind::remote;
    bool works = true;  // false: it certainly does not, now
    bool up = false;    // a stream or component is there
    std::string text;   // for a person
};
Task<PushRoute> push_route(App& app, std::string domain);

Task<Result<boost::json::value>> push_test(App& app, const boost::json::object& arguments);
Task<Result<boost::json::value>> push_stats(App& app, const boost::json::object& arguments);

/// What of push should worry whoever runs the server, for `status`: records of "what" (a sentence)
/// and "next" (the command to type).
Task<boost::json::array> push_alarms(App& app);

}  // namespace clarion::app
