#include "server/app/console/tables.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>

#include "server/core/http/http_target.h"

namespace clarion::app {

namespace json = boost::json;
using core::AdminColumn;
using core::AdminCommand;
using core::ColumnKind;
using core::Html;
using core::html;

namespace {

std::string grouped(std::string digits) {
    const std::size_t first = digits.starts_with('-') ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ' ');
    return digits;
}

/// Three digits that count, and no exponent: 1.5, 0.0015, 1 234.
std::string number(double value) {
    if (!std::isfinite(value)) return "-";
    const double size = std::abs(value);
    int digits = 0;
    if (size > 0 && size < 100)
        digits = std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 0, 6);
    std::array<char, 64> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
    std::string text(buffer.data(), std::min(buffer.size(), static_cast<std::size_t>(length)));
    if (text.find('.') == std::string::npos) return grouped(text);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// "2026-11-30T21:34:01.604698Z" (XEP-0082) as people read it: "2026-11-30 21:34:01 UTC".
std::string shown(std::string_view text) {
    constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd";
    const auto fits = [&](std::size_t i) {
        return pattern[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
    };
    if (text.size() <= pattern.size() || !text.ends_with('Z')) return std::string(text);
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (!fits(i)) return std::string(text);
    std::string time(text.substr(0, pattern.size()));
    time[10] = ' ';
    return time + " UTC";
}

bool is_said(const json::value* value) {
    if (!value || value->is_null()) return false;
    if (value->is_string()) return !value->get_string().empty();
    if (value->is_bool()) return value->get_bool();
    return !value->is_array() || !value->get_array().empty();
}

std::vector<AdminColumn> columns_of(const AdminCommand& command, const json::array& list) {
    std::vector<AdminColumn> columns = command.columns;
    if (columns.empty())
        for (const auto& [key, value] : list.front().get_object()) columns.push_back({key, key});
    std::erase_if(columns, [&](const AdminColumn& column) {
        return std::none_of(list.begin(), list.end(), [&](const json::value& record) {
            return is_said(record.get_object().if_contains(column.key));
        });
    });
    return columns;
}

bool names_account(std::string_view key) { return key == "jid" || key == "account"; }

Html cell(const AdminColumn& column, const json::object& record, const TableStyle& style) {
    const json::value* value = record.if_contains(column.key);
    std::string text = is_said(value) ? text_of(*value) : std::string();
    if (column.kind == ColumnKind::mark && !text.empty()) text = column.title;
    const std::string_view title = column.title.empty() ? column.key : column.title;
    const std::string_view bare = std::string_view(text).substr(0, text.find('/'));
    if (!text.empty() && names_account(column.key) && !style.account_link.empty() &&
        bare.find('@') != std::string_view::npos)
        return html("<td data-title=\"{}\"><a href=\"{}\">{}</a></td>", title,
                    style.account_link + core::percent_encode(bare), text);
    const bool right = column.kind == ColumnKind::number;
    return html("<td data-title=\"{}\" class=\"{}\">{}</td>", title, right ? "number" : "", text);
}

Html row(const std::vector<AdminColumn>& columns, const json::object& record,
         const TableStyle& style) {
    Html cells;
    for (const AdminColumn& column : columns) cells += cell(column, record, style);
    if (style.actions) cells += html("<td>{}</td>", style.actions(record));
    return html("<tr>{}</tr>\n", cells);
}

Html list_of(const AdminCommand& command, const json::array& list, const TableStyle& style) {
    if (list.empty())
        return html("<p class=\"soft\">{}</p>", command.none.empty() ? "nothing" : command.none);
    if (!list.front().is_object()) {
        Html items;
        for (const auto& each : list) items += html("<li>{}</li>", text_of(each));
        return html("<ul>{}</ul>", items);
    }
    const auto columns = columns_of(command, list);
    Html titles, rows;
    for (const AdminColumn& column : columns)
        titles += html("<th scope=\"col\" class=\"{}\">{}</th>",
                       column.kind == ColumnKind::number ? "number" : "",
                       column.title.empty() ? column.key : column.title);
    if (style.actions) titles += html("<th scope=\"col\">actions</th>");
    const std::size_t shown = std::min(list.size(), style.most);
    for (std::size_t i = 0; i < shown; ++i) rows += row(columns, list[i].get_object(), style);
    Html caption, rest;
    if (!style.caption.empty()) caption = html("<caption>{}</caption>", style.caption);
    if (shown < list.size()) rest = html("<p class=\"soft\">and {} more</p>", list.size() - shown);
    return html(
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table "
        "class=\"stacked\">{}"
        "<thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>{}",
        !style.caption.empty() ? std::string_view(style.caption)
        : !style.label.empty() ? std::string_view(style.label)
                               : command.name,
        caption, titles, rows, rest);
}

Html record_of(const AdminCommand& command, const json::object& record) {
    const auto title_of = [&](std::string_view key) {
        for (const AdminColumn& column : command.columns)
            if (column.key == key && !column.title.empty()) return std::string(column.title);
        std::string words(key);
        std::replace(words.begin(), words.end(), '_', ' ');
        return words;
    };
    Html items;
    for (const auto& [key, value] : record)
        if (!value.is_null())
            items += html("<dt>{}</dt><dd>{}</dd>", title_of(key), text_of(value));
    return html("<dl>{}</dl>", items);
}

}  // namespace

std::string text_of(const json::value& value) {
    if (value.is_string()) return shown(value.get_string());
    if (value.is_bool()) return value.get_bool() ? "yes" : "no";
    if (value.is_int64()) return grouped(std::to_string(value.get_int64()));
    if (value.is_uint64()) return grouped(std::to_string(value.get_uint64()));
    if (value.is_double()) return number(value.get_double());
    if (value.is_null()) return {};
    if (!value.is_array()) return json::serialize(value);
    std::string all;
    for (const auto& each : value.get_array()) all += (all.empty() ? "" : ", ") + text_of(each);
    return all;
}

Html table_of(const AdminCommand& command, const json::value& answer, const TableStyle& style) {
    if (answer.is_array()) return list_of(command, answer.get_array(), style);
    if (answer.is_object()) return record_of(command, answer.get_object());
    return html("<pre>{}</pre>", text_of(answer));
}

}  // namespace clarion::app
