#include "base/metrics.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace clarion;

TEST_CASE("a counter adds up what all threads counted") {
    Counter counter;
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back([&counter] {
            for (int n = 0; n < 1000; ++n) counter.add();
            counter.add(5);
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(counter.value() == 12 * 1005);
}

TEST_CASE("a gauge goes up and down") {
    Gauge gauge;
    gauge.set(10);
    gauge.add(-12);
    CHECK(gauge.value() == -2);
}

TEST_CASE("a histogram sorts into its buckets and interpolates") {
    Histogram histogram;
    CHECK(histogram.quantile(0.5) == 0.0);
    for (int i = 0; i < 50; ++i) histogram.observe(0.0015);
    for (int i = 0; i < 50; ++i) histogram.observe(0.15);
    CHECK(histogram.count() == 100);
    CHECK(histogram.sum() == doctest::Approx(50 * 0.1515));
    CHECK(histogram.quantile(0.25) == doctest::Approx(0.0015));
    CHECK(histogram.quantile(0.5) == doctest::Approx(0.002));
    CHECK(histogram.quantile(1.0) == doctest::Approx(0.2));
}

TEST_CASE("histograms are merged by adding up their buckets") {
    Histogram fast, slow;
    for (int i = 0; i < 90; ++i) fast.observe(0.0015);
    for (int i = 0; i < 10; ++i) slow.observe(1.5);
    Histogram::Counts both = fast.counts();
    for (std::size_t i = 0; i < both.size(); ++i) both[i] += slow.counts()[i];
    CHECK(Histogram::quantile(both, 0.5) < 0.002);
    CHECK(Histogram::quantile(both, 0.99) > 1.0);
    CHECK(Histogram::quantile(Histogram::Counts{}, 0.5) == 0.0);
}

TEST_CASE("a histogram survives values that make no sense") {
    Histogram histogram;
    histogram.observe(-1);
    histogram.observe(1e300);
    histogram.observe(0.0 / 0.0);
    CHECK(histogram.count() == 3);
    CHECK(histogram.in_bucket(0) == 2);
    CHECK(histogram.in_bucket(Histogram::bounds.size()) == 1);
    CHECK(histogram.quantile(1.0) == Histogram::bounds.back());
}

TEST_CASE("the same name and labels are the same metric, for ever at the same place") {
    Metrics registry;
    Counter& first = registry.counter("b_total", "B", "kind=\"x\"");
    for (char c = 'a'; c <= 'z'; ++c) registry.gauge(std::string("g_") + c, "G");
    first.add(2);
    CHECK(&registry.counter("b_total", "B", "kind=\"x\"") == &first);
    CHECK(&registry.counter("b_total", "B", "kind=\"y\"") != &first);
    CHECK(registry.counter("b_total", "B", "kind=\"x\"").value() == 2);
}

TEST_CASE("Prometheus text has one head per name and cumulative buckets") {
    Metrics registry;
    registry.counter("a_total", "What\nfor", "kind=\"x\"").add(3);
    registry.counter("a_total", "What\nfor").add();
    registry.gauge("b", "Now").set(-7);
    Histogram& took = registry.histogram("c_seconds", "Time");
    took.observe(0.00001);
    took.observe(1000);
    const std::string text = registry.to_prometheus();
    CHECK(
        text.starts_with("# HELP a_total What\\nfor\n# TYPE a_total counter\n"
                         "a_total 1\na_total{kind=\"x\"} 3\n"
                         "# HELP b Now\n# TYPE b gauge\nb -7\n"
                         "# HELP c_seconds Time\n# TYPE c_seconds histogram\n"));
    CHECK(text.find("c_seconds_bucket{le=\"1e-05\"} 1\n") != std::string::npos);
    CHECK(text.find("c_seconds_bucket{le=\"100\"} 1\n") != std::string::npos);
    CHECK(text.find("c_seconds_bucket{le=\"+Inf\"} 2\n") != std::string::npos);
    CHECK(text.ends_with("c_seconds_count 2\n"));
}

TEST_CASE("for_each visits all, ordered by name") {
    Metrics registry;
    registry.gauge("b", "B");
    registry.counter("a_total", "A");
    std::vector<std::string> names;
    registry.for_each([&](const Metrics::View& view) {
        names.emplace_back(view.name);
        CHECK((view.counter != nullptr) == (view.name == "a_total"));
        CHECK((view.gauge != nullptr) == (view.name == "b"));
    });
    CHECK(names == std::vector<std::string>{"a_total", "b"});
}
