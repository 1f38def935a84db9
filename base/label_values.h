// LabelValues: which names may be a label value of metrics, so that peers cannot make metrics
// without end.
//
//     static LabelValues services(50);
//     metrics().counter("clarion_thing_total", "...", "service=\"" + services.admit(name) + '"');
//
// Lives as long as the process, like the metrics themselves: every value that was admitted stays.
// Any thread; it takes a lock, so keep the metric, not the name.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace clarion {

class LabelValues {
public:
    explicit LabelValues(std::size_t limit) : limit_(limit) {}

    /// The value, escaped for Prometheus' text format, if it is one of the first `limit`; "other"
    /// for all that come later.
    std::string admit(std::string_view value);

private:
    const std::size_t limit_;
    std::mutex mutex_;
    std::set<std::string, std::less<>> admitted_;
};

}  // namespace clarion
