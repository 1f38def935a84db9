// [pubsub]: what one owner of nodes, an account say, may have.
#pragma once

#include <cstdint>

#include "base/option.h"

namespace clarion::pubsub {

struct PubsubOptions {
    std::int64_t max_nodes = 200;
    std::int64_t max_items = 10000;
    std::int64_t max_item_bytes = 256 << 10;
    std::int64_t max_bytes = 20 << 20;
    std::int64_t max_affiliations = 200;
    std::int64_t max_subscriptions = 500;
    std::int64_t max_pending_subscriptions = 50;
    std::int64_t approval_requests_per_hour = 50;
    std::int64_t max_wasted_loads = 60;
    std::int64_t max_answer_bytes = 2 << 20;
    static void declare(OptionTable<PubsubOptions>& table);
};

}  // namespace clarion::pubsub
