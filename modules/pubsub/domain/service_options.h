// [pubsub."pubsub.example.org"]: a pubsub service of its own domain.
#pragma once

#include <cstdint>
#include <string>

#include "modules/pubsub/options.h"

namespace clarion::pubsub {

/// What a service may have in all is in what an account may have, with other defaults.
struct ServiceOptions : PubsubOptions {
    ServiceOptions();
    std::string name = "Publish-Subscribe";
    std::string create = "admins";
    bool show_publisher = false;
    std::int64_t max_nodes_of_creator = 20;
    std::int64_t max_node_bytes = 20 << 20;
    std::int64_t max_subscriptions_of_address = 100;
    std::int64_t max_subscriptions_of_domain = 2000;
    std::int64_t max_subscriptions_in_all = 20000;
    std::int64_t max_waiting_notices = 100000;
    Duration unreachable_ends_after = std::chrono::hours(24 * 7);
    static void declare(OptionTable<ServiceOptions>& table);
};

}  // namespace clarion::pubsub
