// How a person reads push's test and statistics: by service, not in columns.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string_view>

namespace clarion::ctl {

/// Steps of `push test`, grouped by service and registration; the last one sums up.
void show_push_test(std::ostream& out, const boost::json::value& steps);
void show_push_stats(std::ostream& out, const boost::json::value& services);

}  // namespace clarion::ctl
