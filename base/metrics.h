// Counters, gauges and histograms of the whole process, in the terms of Prometheus.
//
//     Counter& slept = metrics().counter("clarion_sessions_slept_total", "Sessions put to sleep");
//     slept.add();
//
// Register once (a member or a static), keep the reference, use it on any thread: the registry
// lives as long as the process and never moves or removes a metric. Counting is a relaxed atomic
// add and never waits; only registering and reading take the registry's lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace clarion {

/// Only grows. Each thread adds to a cell of its own (mostly), so shards do not fight over a line.
class Counter {
public:
    void add(std::uint64_t n = 1) { cell().fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const;

private:
    struct alignas(64) Cell {
        std::atomic<std::uint64_t> count{0};
    };
    std::atomic<std::uint64_t>& cell();

    std::array<Cell, 8> cells_;
};

/// Goes up and down: sessions online, bytes queued.
class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// How long something took: buckets at 1, 2 and 5 of each decade from 10 us to 100 s.
class Histogram {
public:
    static constexpr std::array<double, 22> bounds{1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3,
                                                   5e-3, 1e-2, 2e-2, 5e-2, 0.1,  0.2,  0.5,  1.0,
                                                   2.0,  5.0,  10.0, 20.0, 50.0, 100.0};

    void observe(double seconds);

    std::uint64_t count() const;
    double sum() const;
    /// How many observations fell into bucket `i`: up to bounds[i], the last one being the rest.
    std::uint64_t in_bucket(std::size_t i) const;
    /// The value below which the share `p` (0..1) of the observations lies, interpolated within
    /// its bucket; 0 when there are none.
    double quantile(double p) const;

    /// How many observations fell into each bucket, as plain numbers: several histograms are merged
    /// by adding theirs up.
    using Counts = std::array<std::uint64_t, bounds.size() + 1>;
    Counts counts() const;
    /// quantile() of what was merged.
    static double quantile(const Counts& counts, double p);

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
    std::atomic<std::uint64_t> microseconds_{0};
};

class Metrics {
public:
    /// Finds or makes the metric of that name and labels. `name` is Prometheus's
    /// (clarion_thing_unit, counters end in _total), `labels` is its inner text
    /// (`reason="timeout"`) and comes from the code, never from peers: every distinct one stays for
    /// ever. REQUIRES: one name is always the same kind.
    Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
    Histogram& histogram(std::string_view name, std::string_view help,
                         std::string_view labels = {});

    /// Text exposition format 0.0.4, for GET /metrics.
    std::string to_prometheus() const;

    /// One metric as a reader sees it; exactly one of the pointers is set.
    struct View {
        std::string_view name;
        std::string_view help;
        std::string_view labels;
        const Counter* counter = nullptr;
        const Gauge* gauge = nullptr;
        const Histogram* histogram = nullptr;
    };
    /// Calls `visit` for every metric, ordered by name and labels.
    void for_each(const std::function<void(const View&)>& visit) const;

private:
    struct Entry {
        std::string name;
        std::string help;
        std::string labels;
        std::unique_ptr<Counter> counter;
        std::unique_ptr<Gauge> gauge;
        std::unique_ptr<Histogram> histogram;
    };
    template <class Kind>
    Kind& find_or_make(std::unique_ptr<Kind> Entry::*kind, std::string_view name,
                       std::string_view help, std::string_view labels);

    mutable std::mutex mutex_;
    std::vector<Entry> entries_;  // sorted by name, labels
};

/// The registry of the process.
Metrics& metrics();

}  // namespace clarion
