// Node, OwnerNodes: the nodes of one owner (an account, an actor of a service) while it is loaded.
//
// Plain values on the owner's shard. All of it is in storage too: modules/pubsub/node_store.h reads
// and writes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "modules/pubsub/item_list.h"
#include "modules/pubsub/subscription_list.h"
#include "proto/pubsub_config.h"

namespace clarion::pubsub {

struct Affiliate {
    std::string jid;  // bare
    Affiliation affiliation = Affiliation::none;
};

struct Node {
    std::uint32_t number = 0;  // what storage knows it by; never given again to the same owner
    std::string name;
    WallTime created{};
    std::string creator{};  // bare; empty: not known
    NodeConfig config;
    std::vector<Affiliate> affiliates;  // whom its owners made something
    SubscriptionList subscriptions;
    std::optional<ItemList> items;  // nullopt: not read yet
    std::uint64_t last_seq = 0;     // the highest given since they were read
    bool undated = false;           // it is not known of all items when they were published
    WallTime swept{};               // when the expired ones among them were last looked for
    /// Since when its owners were asked for approval so often; not stored.
    WallTime asking_since{};
    std::int64_t asked = 0;

    /// The newest that has not expired; nullptr: there is none.
    const ItemEntry* last_item(WallTime now) const;
    bool has_expired(const ItemEntry& entry, WallTime now) const;
    Affiliation affiliation_of(std::string_view bare_jid) const;
    /// nullptr: that address has none.
    const Subscription* find_subscription(std::string_view jid) const {
        return subscriptions.find(jid);
    }
    /// Whether some address of the user has one that is not pending.
    bool is_subscribed(std::string_view bare_jid) const;
};

struct OwnerNodes {
    bool loaded = false;
    /// Something that was written failed: what is in memory may be more than is stored.
    bool in_doubt = false;
    std::vector<std::unique_ptr<Node>> nodes;  // by name
    std::uint32_t last_number = 0;
    /// What is stored of all items; nullopt: not read yet.
    std::optional<std::uint64_t> bytes;

    Node* find(std::string_view name) const;
    Node* find(std::uint32_t number) const;
    Node& add(Node node);
    void remove(const Node& node);
};

}  // namespace clarion::pubsub
