// [console]: the pages for administrators and for users.
#pragma once

#include <cstdint>

#include "base/option.h"

namespace clarion::app {

struct ConsoleOptions {
    bool administrators = false;
    bool users = false;
    Duration idle_time = std::chrono::minutes(15);
    Duration session_time = std::chrono::hours(8);
    std::int64_t max_sessions = 1000;
    std::int64_t requests_per_account = 4;
    bool bind_to_address = true;
    static void declare(OptionTable<ConsoleOptions>& table);
};

}  // namespace clarion::app
