#include "modules/pubsub/node.h"

#include <algorithm>
#include <utility>

namespace clarion::pubsub {

bool Node::has_expired(const ItemEntry& entry, WallTime now) const {
    return config.expires() && entry.published + std::chrono::seconds(config.item_expire) <= now;
}

const ItemEntry* Node::last_item(WallTime now) const {
    if (!items || items->empty() || has_expired(items->back(), now)) return nullptr;
    return &items->back();
}

Affiliation Node::affiliation_of(std::string_view bare_jid) const {
    const auto found = std::find_if(affiliates.begin(), affiliates.end(),
                                    [&](const Affiliate& each) { return each.jid == bare_jid; });
    return found == affiliates.end() ? Affiliation::none : found->affiliation;
}

bool Node::is_subscribed(std::string_view bare_jid) const {
    const auto own = subscriptions.of(bare_jid);
    return std::any_of(own.begin(), own.end(),
                       [](const Subscription* each) { return !each->pending; });
}

namespace {

auto place_of(const std::vector<std::unique_ptr<Node>>& nodes, std::string_view name) {
    return std::lower_bound(nodes.begin(), nodes.end(), name,
                            [](const auto& node, std::string_view wanted) {
                                return std::string_view(node->name) < wanted;
                            });
}

}  // namespace

Node* OwnerNodes::find(std::string_view name) const {
    const auto at = place_of(nodes, name);
    return at != nodes.end() && (*at)->name == name ? at->get() : nullptr;
}

Node* OwnerNodes::find(std::uint32_t number) const {
    for (const auto& node : nodes)
        if (node->number == number) return node.get();
    return nullptr;
}

Node& OwnerNodes::add(Node node) {
    const auto at = place_of(nodes, node.name);
    return **nodes.insert(at, std::make_unique<Node>(std::move(node)));
}

void OwnerNodes::remove(const Node& node) {
    std::erase_if(nodes, [&](const auto& each) { return each.get() == &node; });
}

}  // namespace clarion::pubsub
