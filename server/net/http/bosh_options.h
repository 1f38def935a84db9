// [bosh]: sessions over HTTP requests (XEP-0124), where they are had and what they may cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/option.h"

namespace clarion::net {

struct BoshOptions {
    std::string path = "/http-bind";
    std::vector<std::string> origins;
    Duration max_wait = std::chrono::seconds(60);
    std::int64_t max_hold = 2;
    Duration inactivity = std::chrono::seconds(60);
    Duration max_pause = std::chrono::seconds(120);
    Duration min_polling = std::chrono::seconds(5);
    std::int64_t max_body = 524288;
    std::int64_t max_answer = 262144;
    static void declare(OptionTable<BoshOptions>& table);
};

}  // namespace clarion::net
