#include "base/metrics.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <numeric>
#include <tuple>

namespace clarion {
namespace {

/// The cell of this thread, dealt out in turn: shards are few, so each has its own.
unsigned cell_of_thread() {
    static std::atomic<unsigned> next{0};
    thread_local const unsigned mine = next.fetch_add(1, std::memory_order_relaxed);
    return mine;
}

std::string number(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

/// name{labels,extra}
std::string series(std::string_view name, std::string_view labels, std::string_view extra = {}) {
    std::string out(name);
    if (labels.empty() && extra.empty()) return out;
    out.append("{").append(labels);
    if (!labels.empty() && !extra.empty()) out.push_back(',');
    return out.append(extra).append("}");
}

void append_sample(std::string& out, const std::string& name, const std::string& value) {
    out.append(name).append(" ").append(value).append("\n");
}

void append_histogram(std::string& out, const Metrics::View& view) {
    const std::string name(view.name);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < Histogram::bounds.size(); ++i) {
        so_far += view.histogram->in_bucket(i);
        const std::string upper = "le=\"" + number(Histogram::bounds[i]) + "\"";
        append_sample(out, series(name + "_bucket", view.labels, upper), std::to_string(so_far));
    }
    so_far += view.histogram->in_bucket(Histogram::bounds.size());
    append_sample(out, series(name + "_bucket", view.labels, "le=\"+Inf\""),
                  std::to_string(so_far));
    append_sample(out, series(name + "_sum", view.labels), number(view.histogram->sum()));
    append_sample(out, series(name + "_count", view.labels), std::to_string(so_far));
}

std::string_view kind_name(const Metrics::View& view) {
    if (view.counter != nullptr) return "counter";
    return view.gauge != nullptr ? "gauge" : "histogram";
}

/// Help is the code's own text; a line feed or backslash in it would still break the format.
std::string help_text(std::string_view help) {
    std::string out;
    for (const char c : help) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else
            out.push_back(c);
    }
    return out;
}

}  // namespace

std::atomic<std::uint64_t>& Counter::cell() {
    return cells_[cell_of_thread() % cells_.size()].count;
}

std::uint64_t Counter::value() const {
    std::uint64_t sum = 0;
    for (const Cell& cell : cells_) sum += cell.count.load(std::memory_order_relaxed);
    return sum;
}

void Histogram::observe(double seconds) {
    seconds = std::isfinite(seconds) ? std::clamp(seconds, 0.0, 1e9) : 0.0;
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
    buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    microseconds_.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
    std::uint64_t sum = 0;
    for (const auto& bucket : buckets_) sum += bucket.load(std::memory_order_relaxed);
    return sum;
}

double Histogram::sum() const {
    return static_cast<double>(microseconds_.load(std::memory_order_relaxed)) / 1e6;
}

std::uint64_t Histogram::in_bucket(std::size_t i) const {
    return buckets_[i].load(std::memory_order_relaxed);
}

Histogram::Counts Histogram::counts() const {
    Counts counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = in_bucket(i);
    return counts;
}

double Histogram::quantile(double p) const { return quantile(counts(), p); }

double Histogram::quantile(const Counts& counts, double p) {
    const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    const double wanted = std::clamp(p, 0.0, 1.0) * static_cast<double>(all);
    double below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        const auto here = static_cast<double>(counts[i]);
        if (here > 0 && below + here >= wanted) {
            const double lower = i == 0 ? 0.0 : bounds[i - 1];
            return lower + (bounds[i] - lower) * (wanted - below) / here;
        }
        below += here;
    }
    return all == 0 ? 0.0 : bounds.back();
}

template <class Kind>
Kind& Metrics::find_or_make(std::unique_ptr<Kind> Entry::*kind, std::string_view name,
                            std::string_view help, std::string_view labels) {
    const std::lock_guard lock(mutex_);
    auto at = std::lower_bound(entries_.begin(), entries_.end(), std::tie(name, labels),
                               [](const Entry& entry, const auto& key) {
                                   return std::tuple<std::string_view, std::string_view>(
                                              entry.name, entry.labels) < key;
                               });
    if (at == entries_.end() || at->name != name || at->labels != labels) {
        at = entries_.emplace(at);
        at->name = name;
        at->help = help;
        at->labels = labels;
        (*at).*kind = std::make_unique<Kind>();
    }
    assert((*at).*kind != nullptr && "one name is one kind of metric");
    return *((*at).*kind);
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
    return find_or_make(&Entry::counter, name, help, labels);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
    return find_or_make(&Entry::gauge, name, help, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::string_view labels) {
    return find_or_make(&Entry::histogram, name, help, labels);
}

void Metrics::for_each(const std::function<void(const View&)>& visit) const {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_) {
        visit(View{entry.name, entry.help, entry.labels, entry.counter.get(), entry.gauge.get(),
                   entry.histogram.get()});
    }
}

std::string Metrics::to_prometheus() const {
    std::string out;
    std::string last;
    for_each([&](const View& view) {
        if (view.name != last) {
            last = view.name;
            out.append("# HELP ").append(last).append(" ").append(help_text(view.help));
            out.append("\n# TYPE ").append(last).append(" ").append(kind_name(view)).append("\n");
        }
        if (view.counter != nullptr) {
            append_sample(out, series(view.name, view.labels),
                          std::to_string(view.counter->value()));
        } else if (view.gauge != nullptr) {
            append_sample(out, series(view.name, view.labels), std::to_string(view.gauge->value()));
        } else {
            append_histogram(out, view);
        }
    });
    return out;
}

Metrics& metrics() {
    // Never destroyed: a static that counts in its own destructor still finds it.
    static Metrics* const registry = new Metrics;
    return *registry;
}

}  // namespace clarion
