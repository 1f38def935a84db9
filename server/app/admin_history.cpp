// history: what MetricHistory keeps.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/text.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/metric_history.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

/// JSON has no number for a gap. What is whole is said so, and the rest is rounded to what a float
/// tells apart, for readers.
json::value number(float value) {
    if (std::isnan(value)) return nullptr;
    const double exact = value;
    if (exact == std::round(exact) && std::abs(exact) < 1e15)
        return static_cast<std::int64_t>(exact);
    return std::round(exact * 1e6) / 1e6;
}

struct Range {
    json::value latest = nullptr, least = nullptr, most = nullptr;
};

Range range_of(const std::vector<float>& values) {
    std::vector<float> known;
    for (const float value : values)
        if (!std::isnan(value)) known.push_back(value);
    Range range;
    if (known.empty()) return range;
    const auto [least, most] = std::minmax_element(known.begin(), known.end());
    range.latest = number(values.back());
    range.least = number(*least);
    range.most = number(*most);
    return range;
}

json::value all_figures(const MetricHistory& history, bool for_table) {
    json::array rows, names;
    for (const Figure& figure : history.figures()) {
        const Range range = range_of(history.values(figure));
        names.emplace_back(figure.name);
        rows.push_back({{"name", figure.name},
                        {"latest", range.latest},
                        {"least", range.least},
                        {"most", range.most},
                        {"unit", figure.unit},
                        {"what", figure.help}});
    }
    if (for_table) return rows;
    return json::value{{"names", std::move(names)}, {"figures", std::move(rows)}};
}

std::string time_text(WallTime time) {
    return format_datetime(std::chrono::floor<std::chrono::seconds>(time));
}

json::value one_figure(const MetricHistory& history, const Figure& figure, bool for_table) {
    const auto known = history.values(figure);
    json::array rows, values;
    for (std::size_t i = 0; i < known.size(); ++i) {
        values.push_back(number(known[i]));
        const auto age = MetricHistory::step * static_cast<std::int64_t>(known.size() - 1 - i);
        if (for_table)
            rows.push_back({{"time", time_text(history.until() - age)}, {"value", values.back()}});
    }
    if (for_table) return rows;
    const auto step = std::chrono::duration_cast<std::chrono::seconds>(MetricHistory::step);
    const bool any = !known.empty();
    return json::value{{"name", figure.name},
                       {"unit", figure.unit},
                       {"what", figure.help},
                       {"step", step.count()},
                       {"until", any ? json::value(time_text(history.until())) : nullptr},
                       {"values", std::move(values)}};
}

Task<Result<json::value>> show(App& app, const json::object& arguments) {
    const MetricHistory& history = app.history();
    const bool for_table = core::flag(arguments, "table");
    const std::string_view name = core::text(arguments, "name");
    if (name.empty()) co_return all_figures(history, for_table);
    const Figure* figure = history.find(name);
    if (!figure)
        co_return fail(error_code::item_not_found,
                       "there is no such figure; `clarionctl history` lists them");
    co_return one_figure(history, *figure, for_table);
}

}  // namespace

core::AdminCommand history_command(App& app) {
    using Kind = core::ArgumentKind;
    using enum core::ColumnKind;
    return {.name = "history",
            .help =
                "how the server did in the last day, a value a minute: clients, messages, "
                "notifications and so on; since the start if that was later",
            .arguments = {{.name = "name",
                           .use = core::ArgumentUse::optional,
                           .help = "all values of this figure, oldest first; if left out, the "
                                   "latest, least and most of each"},
                          {.name = "table", .kind = Kind::for_table}},
            .columns = {{"name", "name"},
                        {"latest", "latest", number},
                        {"least", "least", number},
                        {"most", "most", number},
                        {"unit", "unit"},
                        {"what", "what it is"},
                        {"time", "time"},
                        {"value", "value", number}},
            .none = "nothing yet: the first value comes a minute after the start",
            .run = with(app, show)};
}

}  // namespace clarion::app
