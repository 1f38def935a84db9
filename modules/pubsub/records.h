// How nodes and items are kept, as entries of the module's data (docs/formats.md). Pure.
//
//   resident   n NODE          its name, configuration and affiliations
//              s NODE HASH     a subscription, by a hash of its address
//   stored     x NODE SEQ      an item without its payload: what is read to know the items there are
//              i NODE SEQ      the whole item
//
// NODE and SEQ are numbers (u32, u64), so that neither long names nor ids come into keys, and items
// are in the order in which they were published.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "modules/pubsub/node.h"
#include "storage/module_data.h"

namespace clarion::pubsub {

/// An item as it is kept.
struct Item {
    std::string id;
    std::string publisher;  // as ItemEntry
    WallTime published{};
    std::string payload;  // XML; empty: none
};

std::string node_key(std::uint32_t node);
std::string subscription_key(std::uint32_t node, std::string_view jid);
std::string index_key(std::uint32_t node, std::uint64_t seq);
std::string item_key(std::uint32_t node, std::uint64_t seq);
/// What all keys of the node's items begin with.
std::string index_prefix(std::uint32_t node);
std::string item_prefix(std::uint32_t node);

std::string encode(const Node& node);
std::string encode(const Subscription& subscription);
std::string encode(const ItemEntry& entry);
std::string encode(const Item& item);

// Errors: "bad-record", for a key too that is none.
Result<Node> decode_node(std::string_view key, std::string_view value);
struct StoredSubscription {
    std::uint32_t node = 0;
    Subscription subscription;
};
Result<StoredSubscription> decode_subscription(std::string_view key, std::string_view value);
Result<ItemEntry> decode_entry(std::string_view key, std::string_view value);
Result<Item> decode_item(std::string_view value);

/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::pubsub
