#include "server/app/log_tail_options.h"

#include "base/log_tail.h"

namespace clarion::app {

void LogTailOptions::declare(OptionTable<LogTailOptions>& t) {
    t.joins("log");
    t.add("tail_lines", &LogTailOptions::tail_lines)
        .min(0)
        .max(most_tail_lines)
        .unit("lines")
        .doc(
            "Of the newest lines at info and above so many are kept in memory too, up to a "
            "kilobyte each, for `clarionctl log tail`. 0: none.");
}

void keep_log_tail(const Config& config) {
    clarion::keep_log_tail(static_cast<std::size_t>(config.get<LogTailOptions>().tail_lines));
}

}  // namespace clarion::app
