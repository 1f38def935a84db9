// Node: an account's nodes, as its other modules answer for them. One per shard.
//
// Whoever calls it has the account's turn (turn.h) and pins the account.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "proto/pubsub_client.h"
#include "server/core/accounts/account.h"
#include "server/core/delivery/other_modules.h"

namespace clarion::bookmarks {

using pubsub::ItemText;

/// Why a request was refused; nullopt: it was carried out.
using Refused = std::optional<StanzaError>;

/// The items of a node, in the order of publishing.
struct NodeItems {
    Refused refused{};
    bool exists = false;
    std::vector<ItemText> items{};
};

/// What is wrong with an answer.
Refused error_of(const core::IqAnswer& answer);

/// Nobody keeps nodes for the account.
bool has_no_nodes(const Refused& refused);

class Node {
public:
    explicit Node(core::OtherModules others) : others_(others) {}

    Task<core::IqAnswer> ask(core::Account& account, StanzaPtr request) const;
    Task<Refused> carry_out(core::Account& account, StanzaPtr request) const;

    /// All items, page by page.
    Task<NodeItems> read(core::Account& account, std::string_view node) const;

    // To the node of bookmarks, in the name of `by`, which outlives it. Nothing is done if there
    // are no items.
    /// All of them or none; makes the node. Refused as well if there would be more items than a node
    /// may have: it would drop its oldest. `count`: how many there would be; `exists`: the node.
    Task<Refused> publish(core::Account& account, const Jid& by, const std::vector<ItemText>& items,
                          bool exists, std::size_t count) const;
    /// The same. Those who listen are told.
    Task<Refused> retract(core::Account& account, const Jid& by,
                          const std::vector<std::string>& ids) const;
    /// Without items.
    Task<Refused> create(core::Account& account) const;

private:
    core::OtherModules others_;
};

}  // namespace clarion::bookmarks
