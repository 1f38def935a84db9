#include "modules/pubsub/features.h"

#include <string>

#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

/// Of accounts and of services of their own domain.
constexpr std::string_view common[] = {
    "access-authorize",
    "access-open",
    "access-whitelist",
    "auto-create",
    "config-node",
    "config-node-max",
    "create-and-configure",
    "create-nodes",
    "delete-items",
    "delete-nodes",
    "get-pending",
    "instant-nodes",
    "item-ids",
    "last-published",
    "manage-subscriptions",
    "member-affiliation",
    "meta-data",
    "modify-affiliations",
    "multi-items",
    "outcast-affiliation",
    "persistent-items",
    "publish",
    "publish-node-full",
    "publish-only-affiliation",
    "publish-options",
    "publisher-affiliation",
    "purge-nodes",
    "retract-items",
    "retrieve-affiliations",
    "retrieve-default",
    "retrieve-default-sub",
    "retrieve-items",
    "retrieve-subscriptions",
    "rsm",
    "subscribe",
    "subscription-notifications",
    "subscription-options",
};

}  // namespace

void announce(core::ModuleSetup& setup, core::IqTarget target,
              std::initializer_list<std::string_view> more) {
    const auto add = [&](std::string_view name) {
        setup.feature(target, std::string(ns::pubsub) + '#' + std::string(name));
    };
    setup.feature(target, ns::pubsub);
    for (const std::string_view name : common) add(name);
    for (const std::string_view name : more) add(name);
}

}  // namespace clarion::pubsub
