// NodeStore: reads and writes nodes and items (modules/pubsub/records.h). One per shard.
//
// What changes changes in memory and in the turn's batch at once: a publish is two small writes,
// of the item and of its place in the index, and what it replaces goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "modules/pubsub/node.h"
#include "modules/pubsub/records.h"
#include "server/core/actors/actor.h"
#include "server/core/setup/module.h"

namespace clarion::pubsub {

class NodeStore {
public:
    /// `resident_bytes`: what the configurations of one owner's nodes may take, with who is
    /// something to them.
    NodeStore(core::ModuleSetup& setup, std::size_t resident_bytes);

    /// Whether the owner has any nodes, without reading them.
    bool has_nodes(const core::Actor& owner) const { return !nodes_.empty(owner.owner()); }
    /// Reads the nodes of an owner, once.
    void load(const core::Actor& owner, OwnerNodes& nodes) const;
    /// load_items() would have nothing to do. `node`: nullptr: there is none.
    static bool has_items(const OwnerNodes& nodes, const Node* node);
    /// Reads what items there are of that node, if there is one, and what all take; once. The
    /// caller pins the owner, and looks the node up again.
    Task<Result<>> load_items(core::Actor& owner, OwnerNodes& nodes, std::string node) const;

    /// Writes a node that is new or was changed. Error "resource-constraint": too much is kept
    /// already; then nothing was written.
    Result<> save(core::Actor& owner, const Node& node) const;
    /// A subscription that is new or was changed. Error "resource-constraint" as of save().
    Result<> subscribe(core::Actor& owner, Node& node, Subscription subscription) const;
    void unsubscribe(core::Actor& owner, Node& node, const std::string& jid) const;
    /// With all its items. REQUIRES: they have been read.
    void remove(core::Actor& owner, OwnerNodes& nodes, Node& node) const;

    // REQUIRES: the node's items have been read.
    /// Under its id, which no other item has.
    void add_item(core::Actor& owner, OwnerNodes& nodes, Node& node, const Item& item) const;
    void remove_item(core::Actor& owner, OwnerNodes& nodes, Node& node, std::size_t index) const;
    /// Those that have expired, so many at most. How many there were.
    std::size_t remove_expired(core::Actor& owner, OwnerNodes& nodes, Node& node, WallTime now,
                               std::size_t most) const;
    void remove_all_items(core::Actor& owner, OwnerNodes& nodes, Node& node) const;

    /// Those of the items that are still there, in the order of `seqs`.
    Task<Result<std::vector<Item>>> read_items(storage::OwnerId owner, std::uint32_t node,
                                               std::vector<std::uint64_t> seqs) const;
    /// All items from one to another that are still there, in order.
    Task<Result<std::vector<Item>>> read_range(storage::OwnerId owner, std::uint32_t node,
                                               std::uint64_t first, std::uint64_t last) const;
    /// What was written failed: what is in memory is read again, by load_items() before anything
    /// else.
    void doubt(OwnerNodes& nodes) const;

private:
    void load_entry(OwnerNodes& nodes, const core::Actor& owner, std::string_view key,
                    std::string_view value) const;
    void erase(storage::OwnerId owner, OwnerNodes& nodes, const Node& node,
               const ItemEntry& entry) const;
    Task<Result<>> read_again(core::Actor& owner, OwnerNodes& nodes) const;
    Task<Result<std::vector<storage::DataEntry>>> read_resident(storage::OwnerId owner) const;
    Task<Result<>> load_bytes(const core::Actor& owner, OwnerNodes& nodes) const;
    Task<Result<>> load_index(const core::Actor& owner, OwnerNodes& nodes,
                              std::uint32_t node) const;
    Task<Result<>> date_items(storage::OwnerId owner, OwnerNodes& nodes, std::uint32_t node) const;
    Task<Result<std::vector<ItemEntry>>> read_index(storage::OwnerId owner,
                                                    std::uint32_t node) const;

    core::Context& context_;
    std::string_view module_;
    core::ResidentSpace nodes_;
    core::StoredSpace items_;
};

/// What an item takes of what its owner may keep.
std::uint32_t cost_of(const Item& item);

}  // namespace clarion::pubsub
