#include "modules/pubsub/domain/service_options.h"

namespace clarion::pubsub {

namespace {

using Table = OptionTable<ServiceOptions>;

void declare_nodes(Table& t) {
    t.add<std::int64_t>("max_nodes", &ServiceOptions::max_nodes)
        .min(0)
        .max(10000)
        .unit("nodes")
        .doc("Nodes in all. One more is refused with resource-constraint and max-nodes-exceeded.");
    t.add("max_nodes_of_creator", &ServiceOptions::max_nodes_of_creator)
        .min(0)
        .unit("nodes")
        .doc(
            "Nodes that one address may have made and that still exist; administrators may make "
            "more. One more is refused with resource-constraint and max-nodes-exceeded.");
    t.add<std::int64_t>("max_affiliations", &ServiceOptions::max_affiliations)
        .min(0)
        .max(2000)
        .unit("addresses")
        .doc(
            "Addresses whose affiliation with a node its owners may set. One more is refused with "
            "resource-constraint.");
}

void declare_items(Table& t) {
    t.add<std::int64_t>("max_items", &ServiceOptions::max_items)
        .min(1)
        .max(1000000)
        .unit("items")
        .doc(
            "The most items that a node may keep: what \"max\" means as its pubsub#max_items. "
            "Where there are more, the oldest go with the next that is published.");
    t.add<std::int64_t>("max_item_bytes", &ServiceOptions::max_item_bytes)
        .min(1)
        .unit("bytes")
        .doc("A larger item is refused with not-acceptable and payload-too-big.");
    t.add("max_node_bytes", &ServiceOptions::max_node_bytes)
        .min(1)
        .unit("bytes")
        .doc(
            "What the items of one node may take together. What would exceed it is refused with "
            "resource-constraint. A creator may fill max_nodes_of_creator times as much.");
    t.add<std::int64_t>("max_bytes", &ServiceOptions::max_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "What all items of the service may take together. What would exceed it is refused with "
            "resource-constraint.");
    t.add<std::int64_t>("max_answer_bytes", &ServiceOptions::max_answer_bytes)
        .min(1024)
        .unit("bytes")
        .doc(
            "Who asks for items gets the newest that are not larger than this together, but at "
            "least one, and is told that there are more (XEP-0059).");
}

void declare_subscriptions(Table& t) {
    t.add<std::int64_t>("max_subscriptions", &ServiceOptions::max_subscriptions)
        .min(0)
        .max(20000)
        .unit("addresses")
        .doc(
            "Addresses that may be subscribed to one node. One more is refused with "
            "policy-violation and too-many-subscriptions, as of the next three.");
    t.add("max_subscriptions_of_address", &ServiceOptions::max_subscriptions_of_address)
        .min(1)
        .unit("subscriptions")
        .doc("Subscriptions of one bare address to all nodes together.");
    t.add("max_subscriptions_of_domain", &ServiceOptions::max_subscriptions_of_domain)
        .min(1)
        .unit("subscriptions")
        .doc(
            "Subscriptions to all nodes together of one domain that is not of this server: "
            "nobody takes all the room with addresses that cost nothing.");
    t.add("max_subscriptions_in_all", &ServiceOptions::max_subscriptions_in_all)
        .min(1)
        .max(50000)
        .unit("subscriptions")
        .doc("Subscriptions to all nodes together. They are kept in memory.");
    t.add("max_waiting_notices", &ServiceOptions::max_waiting_notices)
        .min(1000)
        .unit("notifications")
        .doc(
            "While more than this are still to be sent to subscribers, nothing is changed: "
            "requests "
            "that would cause more are refused with resource-constraint of type wait.");
    t.add("unreachable_ends_after", &ServiceOptions::unreachable_ends_after)
        .min(std::chrono::minutes(1))
        .doc(
            "A subscriber whose server could not be reached, or answered that it is no use now, "
            "each time for so long is not subscribed any more. One of whom it is said for good "
            "that nobody is there is not at once.");
}

}  // namespace

ServiceOptions::ServiceOptions() {
    max_nodes = 1000;
    max_items = 1000;
    max_bytes = 256 << 20;
    max_subscriptions = 5000;
}

void ServiceOptions::declare(OptionTable<ServiceOptions>& t) {
    t.named("pubsub",
            "A pubsub service (XEP-0060) at a domain of its own: [pubsub.\"pubsub.example.org\"]. "
            "It belongs to the host whose subdomain it is, or else to the first, whose "
            "administrators own all its nodes.")
        .live();
    t.add("name", &ServiceOptions::name).doc("What people see it called (XEP-0030).");
    t.add("create", &ServiceOptions::create)
        .choices({"admins", "local", "anyone"})
        .doc(
            "Who may make nodes, beside the administrators of its host: \"local\" are the users of "
            "all domains of this server, \"anyone\" others too. Who makes a node owns it.");
    t.add("show_publisher", &ServiceOptions::show_publisher)
        .doc(
            "Items of new nodes say who published them, in the attribute \"publisher\", to all who "
            "read them. Owners of a node may decide otherwise, as its pubsub#itemreply.");
    declare_nodes(t);
    declare_items(t);
    declare_subscriptions(t);
}

}  // namespace clarion::pubsub
