// How much of the log is kept in memory (base/log_tail.h).
#pragma once

#include <cstdint>

#include "base/config.h"
#include "base/option.h"

namespace clarion::app {

inline constexpr std::int64_t most_tail_lines = 10'000;

struct LogTailOptions {
    std::int64_t tail_lines = 500;
    static void declare(OptionTable<LogTailOptions>& table);
};

/// From now on, as many as the options say.
void keep_log_tail(const Config& config);

}  // namespace clarion::app
