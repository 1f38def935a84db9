// How results look to a person: tables for lists of records, "name: value" lines for one.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string>

namespace clarion::ctl {

void show(std::ostream& out, const boost::json::value& result);
/// One value in a line or a column.
std::string cell(const boost::json::value& value);

}  // namespace clarion::ctl
