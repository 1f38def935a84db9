#include "server/app/console/chart.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "server/app/console/tables.h"

namespace clarion::app {

using core::Html;
using core::html;

namespace {

constexpr double width = 288, height = 60;

std::string number(double value) { return text_of(boost::json::value(value)); }

/// As many points as are seen: of each stretch the most.
std::vector<float> thinned(std::span<const float> values) {
    constexpr std::size_t points = 288;
    if (values.size() <= points) return {values.begin(), values.end()};
    std::vector<float> result;
    for (std::size_t i = 0; i < points; ++i) {
        const auto part =
            values.subspan(i * values.size() / points,
                           (i + 1) * values.size() / points - i * values.size() / points);
        float most = std::nanf("");
        for (const float value : part)
            if (!std::isnan(value) && !(value < most)) most = value;
        result.push_back(most);
    }
    return result;
}

std::string point(double x, double y) {
    char text[48];
    std::snprintf(text, sizeof text, "%.1f,%.1f ", x, y);
    return text;
}

/// Lines of what is without gaps, and what is below them.
Html lines(const std::vector<float>& values, double most) {
    Html shapes;
    const double step = width / std::max<double>(1, static_cast<double>(values.size()) - 1);
    for (std::size_t i = 0; i < values.size();) {
        if (std::isnan(values[i])) {
            ++i;
            continue;
        }
        std::string points;
        const double from = static_cast<double>(i) * step;
        double x = from;
        for (; i < values.size() && !std::isnan(values[i]); ++i) {
            x = static_cast<double>(i) * step;
            points += point(x, height - 1 - (height - 4) * values[i] / most);
        }
        shapes += html("<polygon points=\"{}{}{}\"/><polyline points=\"{}\"/>",
                       point(from, height - 1), points, point(x, height - 1), points);
    }
    return shapes;
}

}  // namespace

Html chart(std::string_view title, std::string_view unit, std::span<const float> values) {
    const std::vector<float> shown = thinned(values);
    float least = std::nanf(""), most = least, latest = least;
    for (const float value : shown) {
        if (std::isnan(value)) continue;
        if (!(value >= least)) least = value;
        if (!(value <= most)) most = value;
        latest = value;
    }
    if (std::isnan(latest))
        return html("<h2 class=\"sentence\">{}</h2><p class=\"soft\">nothing yet</p>", title);
    const std::string range = number(least) + " to " + number(most) + " " + std::string(unit);
    return html(
        "<h2 class=\"sentence\">{}</h2><p class=\"figure\">{} <small "
        "class=\"soft\">{}</small></p>\n"
        "<svg class=\"chart\" viewBox=\"0 0 288 60\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"{}: {} in the last day\"><line x1=\"0\" y1=\"59\" x2=\"288\" "
        "y2=\"59\"/>{}</svg>\n"
        "<p class=\"hint\">{}</p>",
        title, number(latest), unit, title, range, lines(shown, std::max(most, 1e-9F)), range);
}

}  // namespace clarion::app
