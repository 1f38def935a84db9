#include "server/app/metric_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clarion::app {

namespace {

constexpr float gap = std::numeric_limits<float>::quiet_NaN();

using Kind = Figure::Kind;

constexpr std::array<Figure, 16> usual{{
    {"clients", "sessions", "clients that are connected", Kind::level, "clarion_sessions",
     "state=\"connected\""},
    {"asleep", "sessions", "sessions that hibernate until their client comes back", Kind::level,
     "clarion_sessions", "state=\"asleep\""},
    {"messages", "per minute", "messages that came for accounts of this server", Kind::growth,
     "clarion_messages_total"},
    {"notifications", "per minute", "notifications sent to push services", Kind::growth,
     "clarion_push_published_total"},
    {"push_errors", "per minute", "notifications that were refused, or got no answer", Kind::growth,
     "clarion_push_answers_total", "", "result=\"result\""},
    {"push_delay_p50", "seconds", "from a message to its notification: half took no longer",
     Kind::median, "clarion_push_publish_seconds"},
    {"push_delay_p99", "seconds", "the same: 99 of 100 took no longer", Kind::percentile_99,
     "clarion_push_publish_seconds"},
    {"push_answer_p50", "seconds", "until push services answered: half took no longer",
     Kind::median, "clarion_push_answer_seconds"},
    {"push_answer_p99", "seconds", "the same: 99 of 100 took no longer", Kind::percentile_99,
     "clarion_push_answer_seconds"},
    {"stanzas_in", "per minute", "stanzas from other servers", Kind::growth,
     "clarion_s2s_stanzas_total", "direction=\"in\""},
    {"stanzas_out", "per minute", "stanzas to other servers", Kind::growth,
     "clarion_s2s_stanzas_total", "direction=\"out\""},
    {"logins", "per minute", "clients that logged in", Kind::growth, "clarion_logins_total"},
    {"login_failures", "per minute", "attempts to log in that failed", Kind::growth,
     "clarion_login_failures_total"},
    {"http_requests", "per minute", "requests over HTTP, those of clarionctl too", Kind::growth,
     "clarion_http_requests_total"},
    {"memory", "bytes", "memory of the process that no file stands behind", Kind::level,
     "clarion_memory_bytes", "what=\"anonymous\""},
    {"log_dropped", "per minute", "lines of the log that were lost: stderr did not take them",
     Kind::growth, "clarion_log_lines_dropped_total"},
}};

bool fits(const Figure& figure, const Metrics::View& view) {
    const auto has = [&view](std::string_view text) {
        return view.labels.find(text) != std::string_view::npos;
    };
    if (view.name != figure.metric) return false;
    if (!figure.with.empty() && !has(figure.with)) return false;
    return figure.without.empty() || !has(figure.without);
}

/// What the metrics say by now of one figure.
struct Reading {
    bool any = false;
    double level = 0;
    std::uint64_t counted = 0;
    Histogram::Counts seen{};

    void add(const Metrics::View& view) {
        any = true;
        if (view.gauge) level += static_cast<double>(view.gauge->value());
        if (view.counter) counted += view.counter->value();
        if (!view.histogram) return;
        const auto counts = view.histogram->counts();
        for (std::size_t i = 0; i < counts.size(); ++i) seen[i] += counts[i];
    }
};

Reading read(const Figure& figure, const Metrics& metrics) {
    Reading reading;
    metrics.for_each([&](const Metrics::View& view) {
        if (fits(figure, view)) reading.add(view);
    });
    return reading;
}

/// Of what was observed between two readings; a gap if nothing was.
float quantile_between(const Histogram::Counts& before, const Histogram::Counts& now, double p) {
    Histogram::Counts meanwhile{};
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
        meanwhile[i] = now[i] - std::min(before[i], now[i]);
        all += meanwhile[i];
    }
    return all == 0 ? gap : static_cast<float>(Histogram::quantile(meanwhile, p));
}

}  // namespace

MetricHistory::MetricHistory(std::span<const Figure> figures, SteadyTime now)
    : figures_(figures), series_(figures.size()), sampled_(now) {}

std::span<const Figure> MetricHistory::usual_figures() { return usual; }

const Figure* MetricHistory::find(std::string_view name) const {
    const auto at = std::find_if(figures_.begin(), figures_.end(),
                                 [name](const Figure& figure) { return figure.name == name; });
    return at == figures_.end() ? nullptr : &*at;
}

void MetricHistory::sample(const Metrics& metrics, SteadyTime now, WallTime wall) {
    const double passed = std::chrono::duration<double>(now - sampled_) / step;
    const double steps = std::max(1.0, std::round(passed));
    const auto gaps = static_cast<std::size_t>(std::min(steps, static_cast<double>(kept))) - 1;
    for (std::size_t i = 0; i < gaps; ++i) push_gap();
    for (std::size_t i = 0; i < figures_.size(); ++i)
        series_[i].values[next_] = take(figures_[i], series_[i], metrics, steps);
    next_ = (next_ + 1) % kept;
    filled_ = std::min(filled_ + 1, kept);
    sampled_ = now;
    until_ = wall;
}

float MetricHistory::take(const Figure& figure, Series& series, const Metrics& metrics,
                          double steps) {
    const Reading reading = read(figure, metrics);
    if (figure.kind == Kind::level) return reading.any ? static_cast<float>(reading.level) : gap;
    if (figure.kind == Kind::growth) {
        const auto grown = reading.counted - std::min(series.counted, reading.counted);
        series.counted = reading.counted;
        return static_cast<float>(static_cast<double>(grown) / steps);
    }
    const double p = figure.kind == Kind::median ? 0.5 : 0.99;
    const float value = quantile_between(series.seen, reading.seen, p);
    series.seen = reading.seen;
    return value;
}

void MetricHistory::push_gap() {
    for (Series& series : series_) series.values[next_] = gap;
    next_ = (next_ + 1) % kept;
    filled_ = std::min(filled_ + 1, kept);
}

std::vector<float> MetricHistory::values(const Figure& figure) const {
    const Series& series = series_[static_cast<std::size_t>(&figure - figures_.data())];
    std::vector<float> result;
    result.reserve(filled_);
    for (std::size_t i = 0; i < filled_; ++i)
        result.push_back(series.values[(next_ + kept - filled_ + i) % kept]);
    return result;
}

}  // namespace clarion::app
