// The newest log lines, in memory: for whoever looks at a running server and is not at its journal.
//
// Only lines at info and above are kept, as they are written, each cut after log_tail_bytes. A line
// costs a copy into a place that has been there before, under the lock that it takes anyway; nothing
// is parsed or allocated beyond that. At most `lines` * log_tail_bytes bytes in all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace clarion {

inline constexpr std::size_t log_tail_bytes = 1024;

/// The ring itself. No thread of its own, no lock.
class LogTail {
public:
    /// Keeps the newest of what there is. 0: keeps nothing.
    void resize(std::size_t lines);
    void add(LogLevel level, std::string_view line);
    /// The newest `most`, oldest first.
    std::vector<std::string> last(std::size_t most) const;

private:
    std::vector<std::string> ring_;
    std::size_t next_ = 0;    // where the next line goes
    std::size_t filled_ = 0;  // how many there are
};

/// How many lines the process keeps from now on; none until somebody says. Any thread.
void keep_log_tail(std::size_t lines);
/// The newest that are kept, oldest first. Any thread; lines are not written meanwhile.
std::vector<std::string> log_tail(std::size_t most);

/// What a line of the log consists of: views into it.
struct LogLine {
    std::string_view time, level, area, text;
};
LogLine split_log_line(std::string_view line);

}  // namespace clarion
