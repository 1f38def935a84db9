// How a person reads push's test and statistics, and what status warns of: by service, not in
// columns.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string_view>

namespace clarion::ctl {

/// Steps of `push test`, grouped by service and registration; the last one sums up.
void show_push_test(std::ostream& out, const boost::json::value& steps);
void show_push_stats(std::ostream& out, const boost::json::value& services);
/// `status`: the record, then its alarms with what to type next.
void show_status(std::ostream& out, const boost::json::value& status);

}  // namespace clarion::ctl
