// [bytestreams]: what the relay of bytestreams (XEP-0065) may cost.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/option.h"

namespace clarion::net {

/// 0: no limit.
struct BytestreamOptions {
    std::int64_t connections_per_address = 50;
    std::int64_t max_waiting = 1000;
    Duration negotiation_timeout = std::chrono::seconds(10);
    Duration activation_timeout = std::chrono::seconds(60);
    std::int64_t max_streams = 500;
    std::int64_t max_streams_per_account = 10;
    std::int64_t bytes_per_second = 10 << 20;
    std::int64_t bytes_per_second_per_account = 20 << 20;
    Duration idle_time = std::chrono::minutes(5);
    Duration max_duration = std::chrono::hours(24);
    static void declare(OptionTable<BytestreamOptions>& table);
};

}  // namespace clarion::net
