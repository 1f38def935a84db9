// What commands answer, as people see it in a browser: a list as a table of its columns, a record as
// names and values. What clarionctl makes of the same declarations for terminals.
#pragma once

#include <functional>
#include <string>

#include "server/core/http/html.h"
#include "server/core/setup/admin_command.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion::app {

struct TableStyle {
    std::string caption{};
    std::string label{};  // what it is called, where no caption says so
    /// Where an account's address leads; empty: nowhere. The address is appended, encoded.
    std::string account_link{};
    /// What else a row has, at its end: buttons.
    std::function<core::Html(const boost::json::object& record)> actions{};
    std::size_t most = 500;  // rows; how many more there are is said
};

core::Html table_of(const core::AdminCommand& command, const boost::json::value& answer,
                    const TableStyle& style = {});
/// A value as text: numbers in groups of three digits, times in words, yes and no, lists with commas.
std::string text_of(const boost::json::value& value);

}  // namespace clarion::app
