// [http]: what is said to clients of the web side, and what they may cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/option.h"

namespace clarion::core {

struct HttpOptions {
    std::string external_url;
    std::vector<std::string> trusted_proxies;
    std::int64_t max_header_size = 16384;
    Duration header_timeout = std::chrono::seconds(10);
    Duration idle_timeout = std::chrono::seconds(60);
    std::int64_t min_bytes_per_second = 1024;
    std::int64_t connections_per_address = 100;
    std::int64_t idle_connections = 10000;
    static void declare(OptionTable<HttpOptions>& table);
};

}  // namespace clarion::core
