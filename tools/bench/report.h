// Report: what a run found, in the order it was found, as text for people or as one JSON object.
//
// Keys are snake_case and end in their unit where they have one ("latency_p99_ms"); they are what
// scripts read, so they stay. Owner: main().
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/histogram.h"

namespace clarion::bench {

class Report {
public:
    void add(std::string_view key, double value, int decimals = 0);
    void add(std::string_view key, std::string_view text);
    /// KEY_p50_ms, KEY_p99_ms and KEY_max_ms; nothing without samples.
    void add(std::string_view key, const Histogram& durations);

    void print(std::ostream& out, bool as_json) const;

private:
    struct Line {
        std::string key;
        std::string value;
        bool is_number;
    };
    std::vector<Line> lines_;
};

}  // namespace clarion::bench
