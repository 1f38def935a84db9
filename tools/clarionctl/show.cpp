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

std::string text(const json::value& record, std::string_view key) {
    const json::value* value = record.as_object().if_contains(key);
    return value ? cell(*value) : std::string();
}

void show_changes(std::ostream& out, std::string_view what, const json::value& changes) {
    const auto value = [](const std::string& said) { return said.empty() ? "not set" : said; };
    for (const auto& change : changes.as_array())
        out << what << ": " << text(change, "option") << " = " << value(text(change, "now"))
            << ", was " << value(text(change, "before")) << '\n';
}

}  // namespace

void show(std::ostream& out, const json::value& result, std::string_view none) {
    if (result.is_object()) return show_record(out, result.get_object());
    if (!result.is_array()) {
        out << cell(result) << '\n';
        return;
    }
    const auto& list = result.get_array();
    if (list.empty()) out << none << '\n';
    const bool records = !list.empty() && std::all_of(list.begin(), list.end(),
                                                      [](const auto& v) { return v.is_object(); });
    if (records) return show_table(out, list);
    for (const auto& item : list) out << cell(item) << '\n';
}

void show_reload(std::ostream& out, const json::value& result) {
    const auto& told = result.as_object();
    const auto& certificates = told.at("certificates").as_array();
    show_changes(out, "applied", told.at("applied"));
    for (const auto& each : certificates)
        out << "certificate of " << text(each, "domain") << " loaded anew: " << text(each, "file")
            << ", expires " << text(each, "expires") << '\n';
    if (certificates.empty()) out << "certificates: the same as before\n";
    show_changes(out, "needs a restart", told.at("need_restart"));
    if (told.at("applied").as_array().empty() && told.at("need_restart").as_array().empty())
        out << "options: the same as before\n";
    for (const auto& warning : told.at("warnings").as_array()) out << cell(warning) << '\n';
}

void show_users(std::ostream& out, const json::value& users) {
    if (users.as_array().empty()) out << "no accounts\n";
    for (const auto& user : users.as_array())
        out << text(user, "jid") << (user.as_object().at("disabled").as_bool() ? "  disabled" : "")
            << '\n';
}

}  // namespace clarion::ctl
