// MetricHistory: how chosen figures of the metrics went in the last day, a value a minute, in memory
// only: for whoever looks at a running server without a Prometheus beside it. A restart begins anew.
//
// A counter becomes how much it grew in the minute; a histogram, a quantile of what it took in that
// minute; a gauge is taken as it is. A minute of which nothing is known (nobody was measured, or the
// machine slept) is a gap.
//
// Bounded: figures() * 1,440 floats of four bytes, and what a difference is made from; 15 figures
// take some 90 KB. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"

namespace clarion::app {

/// What a figure is made from: all metrics of a name whose labels fit, added up.
struct Figure {
    enum class Kind : std::uint8_t { level, growth, median, percentile_99 };

    std::string_view name;  // "messages"
    std::string_view unit;  // "per minute"
    std::string_view help;
    Kind kind;
    std::string_view metric;
    std::string_view with{};     // the labels must have this, in their inner text
    std::string_view without{};  // and must not have that
};

class MetricHistory {
public:
    static constexpr std::size_t kept = 1440;
    static constexpr Duration step = std::chrono::minutes(1);

    /// Counters count from zero: the process has just begun. REQUIRES: `figures` stay.
    MetricHistory(std::span<const Figure> figures, SteadyTime now);

    /// The figures that the server keeps.
    static std::span<const Figure> usual_figures();

    std::span<const Figure> figures() const { return figures_; }
    /// nullptr: there is no such figure.
    const Figure* find(std::string_view name) const;

    /// Takes the next value of each figure. More than a step since the last time: what lies between
    /// is a gap, and what was counted meanwhile is spread over it as its mean.
    void sample(const Metrics& metrics, SteadyTime now, WallTime wall);
    /// When it shall be next.
    SteadyTime next_sample() const { return sampled_ + step; }

    /// When the newest value was taken.
    WallTime until() const { return until_; }
    /// Oldest first, as many as there are; NaN: a gap. REQUIRES: one of figures().
    std::vector<float> values(const Figure& figure) const;

private:
    struct Series {
        std::array<float, kept> values;  // a ring, all of them with the same place for the newest
        std::uint64_t counted = 0;
        Histogram::Counts seen{};
    };
    float take(const Figure& figure, Series& series, const Metrics& metrics, double steps);
    void push_gap();

    std::span<const Figure> figures_;
    std::vector<Series> series_;  // as figures_
    std::size_t next_ = 0;        // where the next value goes
    std::size_t filled_ = 0;
    SteadyTime sampled_;
    WallTime until_{};
};

}  // namespace clarion::app
