#include "tools/clarionctl/show.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace clarion::ctl {

namespace json = boost::json;

std::string cell(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (value.is_bool()) return value.get_bool() ? "yes" : "no";
    if (value.is_null()) return "-";
    if (value.is_array()) {
        std::string joined;
        for (const auto& item : value.get_array())
            joined += (joined.empty() ? "" : ", ") + cell(item);
        return joined.empty() ? "-" : joined;
    }
    if (!value.is_double()) return json::serialize(value);
    std::ostringstream decimal;
    decimal << value.get_double();
    return decimal.str();
}

namespace {

std::string title(std::string_view key) {
    std::string result(key);
    std::replace(result.begin(), result.end(), '_', ' ');
    return result;
}

void show_record(std::ostream& out, const json::object& record) {
    std::size_t width = 0;
    for (const auto& [key, value] : record) width = std::max(width, key.size());
    for (const auto& [key, value] : record)
        out << title(key) << ':' << std::string(width - key.size() + 1, ' ') << cell(value) << '\n';
}

/// Columns in the order in which the records name them first.
std::vector<std::string> columns(const json::array& records) {
    std::vector<std::string> names;
    for (const auto& record : records)
        for (const auto& [key, value] : record.get_object())
            if (std::find(names.begin(), names.end(), std::string_view(key)) == names.end())
                names.emplace_back(key);
    return names;
}

void show_table(std::ostream& out, const json::array& records) {
    const auto names = columns(records);
    std::vector<std::vector<std::string>> rows(1);
    for (const auto& name : names) rows[0].push_back(title(name));
    for (const auto& record : records) {
        auto& row = rows.emplace_back();
        for (const auto& name : names) {
            const json::value* value = record.get_object().if_contains(name);
            row.push_back(value ? cell(*value) : "-");
        }
    }
    std::vector<std::size_t> widths(names.size());
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            out << row[i]
                << (i + 1 < row.size() ? std::string(widths[i] - row[i].size() + 2, ' ') : "");
        out << '\n';
    }
}

}  // namespace

void show(std::ostream& out, const json::value& result) {
    if (result.is_object()) return show_record(out, result.get_object());
    if (!result.is_array()) {
        out << cell(result) << '\n';
        return;
    }
    const auto& list = result.get_array();
    const bool records = !list.empty() && std::all_of(list.begin(), list.end(),
                                                      [](const auto& v) { return v.is_object(); });
    if (records) return show_table(out, list);
    for (const auto& item : list) out << cell(item) << '\n';
}

}  // namespace clarion::ctl
