// How results look to a person: tables for lists of records, "name: value" lines for one.
#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string>
#include <string_view>

namespace clarion::ctl {

/// `none`: what to say of an empty list.
void show(std::ostream& out, const boost::json::value& result, std::string_view none = "nothing");
/// `reload`: what it applied, in words.
void show_reload(std::ostream& out, const boost::json::value& result);
/// `user list`: names, and which of them are disabled.
void show_users(std::ostream& out, const boost::json::value& users);
/// One value in a line or a column.
std::string cell(const boost::json::value& value);

}  // namespace clarion::ctl
