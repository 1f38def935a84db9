// How results look to a person: tables for lists of records, "name: value" lines for one.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string>

#include "tools/clarionctl/command_list.h"

namespace clarion::ctl {

/// In the shape that the command names, or else by its columns.
void show(std::ostream& out, const Command& command, const boost::json::value& result);
/// One value in a line or a column.
std::string cell(const boost::json::value& value);

}  // namespace clarion::ctl
