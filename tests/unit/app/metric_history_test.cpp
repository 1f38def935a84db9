// A day of figures: what becomes of counters, gauges and histograms, gaps, and the end of the day.
#include "server/app/metric_history.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

namespace clarion::app {
namespace {

using namespace std::chrono_literals;
using Kind = Figure::Kind;

constexpr std::array<Figure, 5> figures{{
    {"level", "things", "a gauge", Kind::level, "test_level"},
    {"growth", "per minute", "a counter", Kind::growth, "test_growth_total"},
    {"errors", "per minute", "some of it", Kind::growth, "test_growth_total",
     "kind=", "kind=\"good\""},
    {"median", "seconds", "half", Kind::median, "test_seconds"},
    {"p99", "seconds", "nearly all", Kind::percentile_99, "test_seconds"},
}};

struct Day {
    Metrics metrics;
    SteadyTime now{1h};
    WallTime wall = WallTime(std::chrono::sys_days{std::chrono::January / 1 / 2026});
    MetricHistory history{figures, now};

    void pass(Duration time = 1min) {
        now += time;
        wall += time;
        history.sample(metrics, now, wall);
    }
    std::vector<float> values(std::string_view name) { return history.values(*history.find(name)); }
};

TEST_CASE("a counter becomes what it grew by in each minute") {
    Day day;
    Counter& one = day.metrics.counter("test_growth_total", "", "kind=\"good\"");
    one.add(5);
    day.pass();
    one.add(7);
    Counter& other = day.metrics.counter("test_growth_total", "", "kind=\"bad\"");
    other.add(3);
    day.pass();
    day.pass();
    CHECK(day.values("growth") == std::vector<float>{5, 10, 0});
    CHECK(day.values("errors") == std::vector<float>{0, 3, 0});
}

TEST_CASE("a gauge is taken as it is, one that is not there is a gap") {
    Day day;
    day.pass();
    day.metrics.gauge("test_level", "").set(42);
    day.pass();
    const auto values = day.values("level");
    REQUIRE(values.size() == 2);
    CHECK(std::isnan(values[0]));
    CHECK(values[1] == 42);
    CHECK(day.history.until() == day.wall);
}

TEST_CASE("quantiles are of the minute alone, and nothing observed is a gap") {
    Day day;
    Histogram& seconds = day.metrics.histogram("test_seconds", "");
    for (int i = 0; i < 100; ++i) seconds.observe(0.0015);
    day.pass();
    for (int i = 0; i < 10; ++i) seconds.observe(15);
    day.pass();
    day.pass();
    const auto half = day.values("median"), most = day.values("p99");
    REQUIRE(half.size() == 3);
    CHECK(half[0] <= 0.002f);
    CHECK(most[0] <= 0.002f);
    CHECK(half[1] > 10);
    CHECK(most[1] > 10);
    CHECK(std::isnan(half[2]));
}

TEST_CASE("minutes that were missed are gaps, and what was counted is their mean") {
    Day day;
    Counter& counter = day.metrics.counter("test_growth_total", "");
    day.pass();
    counter.add(30);
    day.pass(3min + 200ms);
    const auto values = day.values("growth");
    REQUIRE(values.size() == 4);
    CHECK(values[0] == 0);
    CHECK(std::isnan(values[1]));
    CHECK(std::isnan(values[2]));
    CHECK(values[3] == 10);
    SUBCASE("a little late is no gap") {
        day.pass(1min + 20s);
        CHECK(day.values("growth").size() == 5);
        CHECK(day.history.next_sample() == day.now + 1min);
    }
    SUBCASE("more than a day leaves one value") {
        day.pass(72h);
        const auto after = day.values("growth");
        CHECK(after.size() == MetricHistory::kept);
        CHECK(std::isnan(after[MetricHistory::kept - 2]));
        CHECK_FALSE(std::isnan(after.back()));
    }
}

TEST_CASE("after a day the oldest makes room") {
    Day day;
    Gauge& level = day.metrics.gauge("test_level", "");
    for (int i = 0; i < 1500; ++i) {
        level.set(i);
        day.pass();
    }
    const auto values = day.values("level");
    REQUIRE(values.size() == MetricHistory::kept);
    CHECK(values.front() == 1500 - 1440);
    CHECK(values.back() == 1499);
}

TEST_CASE("the server's own figures have names of their own") {
    std::set<std::string_view> names;
    for (const Figure& figure : MetricHistory::usual_figures()) {
        names.insert(figure.name);
        CHECK(figure.metric.starts_with("clarion_"));
        CHECK_FALSE(figure.help.empty());
    }
    CHECK(names.size() == MetricHistory::usual_figures().size());
    const MetricHistory history(MetricHistory::usual_figures(), SteadyTime{});
    CHECK(history.find("nonsense") == nullptr);
    CHECK(history.values(*history.find("clients")).empty());
}

}  // namespace
}  // namespace clarion::app
