#include "tools/clarionctl/show.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/clarionctl/show_push.h"

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

using Columns = std::vector<Column>;

std::string title_of(std::string_view key) {
    std::string result(key);
    std::replace(result.begin(), result.end(), '_', ' ');
    return result;
}

const Column* find(const Columns& columns, std::string_view key) {
    const auto at = std::find_if(columns.begin(), columns.end(),
                                 [&](const Column& column) { return column.key == key; });
    return at == columns.end() ? nullptr : &*at;
}

void show_alarms(std::ostream& out, const Column& column, const json::value& alarms) {
    if (alarms.as_array().empty())
        out << "no alarms\n";
    else
        out << '\n' << column.title << '\n';
    for (const auto& alarm : alarms.as_array())
        out << "* " << cell(alarm.at("what")) << "\n    look: " << cell(alarm.at("next")) << '\n';
}

void show_record(std::ostream& out, const Columns& columns, const json::object& record) {
    const auto is_alarms = [&columns](std::string_view key) {
        const Column* column = find(columns, key);
        return column && column->kind == "alarms";
    };
    std::vector<std::pair<std::string, std::string>> lines;
    std::size_t width = 0;
    for (const auto& [key, value] : record) {
        if (is_alarms(key)) continue;
        const Column* column = find(columns, key);
        lines.emplace_back(column ? column->title : title_of(key), cell(value));
        width = std::max(width, lines.back().first.size());
    }
    for (const auto& [title, value] : lines)
        out << title << ':' << std::string(width - title.size() + 1, ' ') << value << '\n';
    for (const auto& column : columns)
        if (column.kind == "alarms" && record.contains(column.key))
            show_alarms(out, column, record.at(column.key));
}

/// Those that are declared and some record has; if none are, all, in the order in which the records
/// name them first.
Columns columns_of(const Columns& declared, const json::array& records) {
    Columns present;
    for (const auto& record : records)
        for (const auto& [key, value] : record.get_object())
            if (!find(present, key)) present.push_back({key, title_of(key), "text"});
    if (declared.empty()) return present;
    Columns chosen;
    for (const auto& column : declared)
        if (find(present, column.key)) chosen.push_back(column);
    return chosen;
}

std::string cell_in(const Column& column, const json::object& record) {
    const json::value* value = record.if_contains(column.key);
    if (column.kind == "mark") return value && *value == true ? column.title : "";
    return value ? cell(*value) : "-";
}

using Row = std::vector<std::string>;

void show_row(std::ostream& out, const Columns& columns, const std::vector<std::size_t>& widths,
              const Row& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string padding(widths[i] - row[i].size(), ' ');
        line += (i > 0 ? "  " : "") +
                (columns[i].kind == "number" ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
}

void show_table(std::ostream& out, const Columns& declared, const json::array& records) {
    const Columns columns = columns_of(declared, records);
    std::vector<Row> rows(1);
    for (const auto& column : columns)
        rows[0].push_back(column.kind == "mark" ? std::string() : column.title);
    const bool untitled = std::all_of(rows[0].begin(), rows[0].end(),
                                      [](const std::string& title) { return title.empty(); });
    if (untitled) rows.clear();
    for (const auto& record : records) {
        Row& row = rows.emplace_back();
        for (const auto& column : columns) row.push_back(cell_in(column, record.get_object()));
    }
    std::vector<std::size_t> widths(columns.size());
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    for (const auto& row : rows) show_row(out, columns, widths, row);
}

void show_list(std::ostream& out, const Command& command, const json::array& list) {
    if (list.empty()) out << (command.none.empty() ? "nothing" : command.none) << '\n';
    const bool records = !list.empty() && std::all_of(list.begin(), list.end(),
                                                      [](const auto& v) { return v.is_object(); });
    if (records) return show_table(out, command.columns, list);
    for (const auto& item : list) out << cell(item) << '\n';
}

std::string text(const json::value& record, std::string_view key) {
    const json::value* value = record.as_object().if_contains(key);
    return value ? cell(*value) : std::string();
}

void show_changes(std::ostream& out, std::string_view what, const json::value& changes) {
    const auto value = [](const std::string& said) { return said.empty() ? "not set" : said; };
    for (const auto& change : changes.as_array())
        out << what << ": " << text(change, "option") << " = " << value(text(change, "now"))
            << ", was " << value(text(change, "before"))
            << (text(change, "line").empty() ? "" : " (line " + text(change, "line") + ")") << '\n';
}

/// `reload`: what it applied, in words.
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

}  // namespace

void show(std::ostream& out, const Command& command, const json::value& result) {
    if (command.shape == "reload") return show_reload(out, result);
    if (command.shape == "push-test") return show_push_test(out, result);
    if (command.shape == "push-stats") return show_push_stats(out, result);
    if (result.is_object()) return show_record(out, command.columns, result.get_object());
    if (result.is_array()) return show_list(out, command, result.get_array());
    out << cell(result) << '\n';
}

}  // namespace clarion::ctl
