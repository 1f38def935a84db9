// How results look to a person: tables for lists of records, "name: value" lines for one.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>

namespace clarion::ctl {

void show(std::ostream& out, const boost::json::value& result);

}  // namespace clarion::ctl
