#include "server/app/dropped_lines.h"

#include <atomic>
#include <string>

#include "base/log.h"
#include "base/metrics.h"

namespace clarion::app {

void count_dropped_lines() {
    static Counter& counter =
        metrics().counter("clarion_log_lines_dropped_total",
                          "Lines of the log that were lost because stderr did not take them.");
    static std::atomic<std::uint64_t> counted{0};
    const std::uint64_t dropped = log_lines_dropped();
    std::uint64_t before = counted.load();
    while (before < dropped && !counted.compare_exchange_weak(before, dropped)) {
    }
    if (before < dropped) counter.add(dropped - before);
}

std::optional<core::AdminAlarm> dropped_lines_alarm(std::uint64_t dropped) {
    if (dropped == 0) return std::nullopt;
    return core::AdminAlarm{std::to_string(dropped) +
                                (dropped == 1 ? " line of the log was" : " lines of the log were") +
                                " lost since the server started: what takes its stderr is too slow",
                            "clarionctl history log_dropped"};
}

}  // namespace clarion::app
