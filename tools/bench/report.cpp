#include "tools/bench/report.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "base/text.h"

namespace clarion::bench {

namespace {

std::string spaced(std::string key) {
    std::replace(key.begin(), key.end(), '_', ' ');
    return key;
}

}  // namespace

void Report::add(std::string_view key, double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    lines_.push_back({std::string(key), text, true});
}

void Report::add(std::string_view key, std::string_view text) {
    lines_.push_back({std::string(key), std::string(text), false});
}

void Report::add(std::string_view key, const Histogram& durations) {
    if (durations.count() == 0) return;
    const std::string name(key);
    add(name + "_p50_ms", durations.percentile_ms(0.5), 3);
    add(name + "_p99_ms", durations.percentile_ms(0.99), 3);
    add(name + "_max_ms", durations.max_ms(), 3);
}

void Report::print(std::ostream& out, bool as_json) const {
    std::size_t width = 0;
    for (const auto& line : lines_) width = std::max(width, line.key.size());
    if (as_json) out << "{";
    bool first = true;
    for (const auto& line : lines_) {
        if (as_json) {
            out << (first ? "" : ", ") << quote(line.key) << ": "
                << (line.is_number ? line.value : quote(line.value));
        } else {
            out << spaced(line.key) << std::string(width - line.key.size() + 2, ' ') << line.value
                << '\n';
        }
        first = false;
    }
    if (as_json) out << "}\n";
}

}  // namespace clarion::bench
