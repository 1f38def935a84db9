// The options of entity capabilities.
#pragma once

#include <cstdint>

#include "base/option.h"

namespace clarion::caps {

struct CapsOptions {
    std::int64_t max_size = 16384;
    std::int64_t max_memory = 4 << 20;
    std::int64_t max_stored = 5000;
    std::int64_t max_resources = 20;
    std::int64_t max_known = 5000;
    std::int64_t max_questions = 500;
    Duration question_time = std::chrono::seconds(30);
    static void declare(OptionTable<CapsOptions>& table);
};

}  // namespace clarion::caps
