#include "modules/pubsub/options.h"

namespace clarion::pubsub {

void PubsubOptions::declare(OptionTable<PubsubOptions>& t) {
    t.section("pubsub", "What is published at accounts and services (XEP-0060, XEP-0163).")
        .per_host()
        .live();
    t.add("max_nodes", &PubsubOptions::max_nodes)
        .min(0)
        .unit("nodes")
        .doc(
            "Nodes that one account may have. One more is refused with resource-constraint and "
            "max-nodes-exceeded; what is there already stays when this is lowered.");
    t.add("max_items", &PubsubOptions::max_items)
        .min(1)
        .max(1000000)
        .unit("items")
        .doc(
            "The most items that a node may keep: what \"max\" means as its pubsub#max_items. "
            "Where "
            "there are more, the oldest go with the next that is published.");
    t.add("max_item_bytes", &PubsubOptions::max_item_bytes)
        .min(1)
        .unit("bytes")
        .doc("A larger item is refused with not-acceptable and payload-too-big.");
    t.add("max_bytes", &PubsubOptions::max_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "What all items of one account may take together. What would exceed it is refused with "
            "resource-constraint.");
    t.add("max_affiliations", &PubsubOptions::max_affiliations)
        .min(0)
        .max(2000)
        .unit("addresses")
        .doc(
            "Addresses whose affiliation with a node its owner may set. One more is refused with "
            "resource-constraint.");
    t.add("max_subscriptions", &PubsubOptions::max_subscriptions)
        .min(0)
        .max(5000)
        .unit("addresses")
        .doc(
            "Addresses that may be subscribed to one node. One more is refused with "
            "policy-violation and too-many-subscriptions. Contacts who see an account's presence "
            "hear of its nodes without a subscription.");
    t.add("max_pending_subscriptions", &PubsubOptions::max_pending_subscriptions)
        .min(0)
        .max(5000)
        .unit("addresses")
        .doc(
            "Addresses that may wait at one node for an owner's approval (access model authorize). "
            "One more is refused with policy-violation and too-many-subscriptions.");
    t.add("approval_requests_per_hour", &PubsubOptions::approval_requests_per_hour)
        .min(0)
        .unit("addresses")
        .doc(
            "How often the owners of a node are sent a request to approve somebody, so that who "
            "asks "
            "and gives up again and again does not fill their offline messages. Others who ask "
            "wait "
            "all the same, and are among the subscriptions that an owner lists.");
    t.add("max_wasted_loads", &PubsubOptions::max_wasted_loads)
        .min(0)
        .unit("loads per hour and shard")
        .doc(
            "A contact on another server that comes while nobody of an account is logged in is "
            "sent "
            "the last items of its nodes, for which the account is loaded. Its domain may cause so "
            "many loads for nothing (no such account or contact, no nodes); then its presence is "
            "passed over until the hour ends. 0: no account is loaded for that.");
    t.add("max_answer_bytes", &PubsubOptions::max_answer_bytes)
        .min(1024)
        .unit("bytes")
        .doc(
            "Who asks for items gets the newest that are not larger than this together, but at "
            "least one, and is told that there are more (XEP-0059).");
}

}  // namespace clarion::pubsub
