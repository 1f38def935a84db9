// Publishing and retracting items (XEP-0060, section 7).
#include <algorithm>
#include <unordered_set>

#include "base/id.h"
#include "modules/pubsub/changes.h"
#include "modules/pubsub/item_element.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::pubsub {

namespace {

using enum StanzaErrorCondition;

Outcome refused(Refusal refusal) { return {.refusal = std::move(refusal)}; }

using Ids = std::unordered_set<std::string_view>;

/// How many of them there are at the node.
std::size_t count_there(const Node& node, const Ids& ids) {
    return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [&](auto id) {
        return node.items->find(id) < node.items->size();
    }));
}

/// What all of them together replace, and what goes because there would be too many.
std::uint64_t bytes_freed(const Node& node, const std::vector<Item>& items, std::size_t most) {
    Ids ids;
    for (const Item& item : items) ids.insert(item.id);
    std::uint64_t freed = 0;
    for (const std::string_view id : ids)
        if (const std::size_t at = node.items->find(id); at < node.items->size())
            freed += (*node.items)[at].bytes;
    std::size_t count = ids.size() + node.items->size() - count_there(node, ids);
    for (const ItemEntry& entry : *node.items) {
        if (count <= most) break;
        if (ids.contains(entry.id)) continue;
        freed += entry.bytes;
        --count;
    }
    return freed;
}

}  // namespace

// ---- Whether it may be -------------------------------------------------------------------------

std::optional<Refusal> Changes::check_item(const Node* node, const NodeConfig& config,
                                           const NewItem& item) const {
    if (!item.payload && config.deliver_payloads) return refusal(bad_request, "payload-required");
    if (!node || item.id.empty()) return std::nullopt;
    const std::size_t at = node->items->find(item.id);
    if (at == node->items->size()) return std::nullopt;
    const Standing standing = standing_of(service_, *node, who());
    if (!may_publish(config.publish, standing, &(*node->items)[at].publisher, publisher()))
        return Refusal{{forbidden, "the item is somebody else's"}};
    return std::nullopt;
}

/// 7.1.3.6: what must be there, and what must not.
std::optional<Refusal> Changes::check_items(const Node* node, const NodeConfig& config,
                                            const Publish& publish) const {
    const bool transient_notice = !config.persist_items && !config.deliver_payloads;
    if (transient_notice && !publish.items.empty()) return refusal(bad_request, "item-forbidden");
    if (!transient_notice && publish.items.empty()) return refusal(bad_request, "item-required");
    for (const NewItem& item : publish.items)
        if (auto wrong = check_item(node, config, item)) return wrong;
    return check_count(node, config, publish);
}

/// What is too many at once is refused whatever the node does when it is full (12.10).
std::optional<Refusal> Changes::check_count(const Node* node, const NodeConfig& config,
                                            const Publish& publish) const {
    if (!config.persist_items) return std::nullopt;
    const std::size_t most = std::min(config.max_items, most_items());
    Ids ids;
    std::size_t added = 0;
    for (const NewItem& item : publish.items)
        if (item.id.empty() || ids.insert(item.id).second) ++added;
    if (added > most) return refusal(not_allowed, "max-items-exceeded");
    if (!node || config.full != NodeFull::reject) return std::nullopt;
    const std::size_t count = node->items->size() + added - count_there(*node, ids);
    if (count > most) return refusal(conflict, "node-full");
    return std::nullopt;
}

std::optional<Refusal> Changes::check_room(const Node* node, const NodeConfig& config,
                                           const std::vector<Item>& items) const {
    const PubsubOptions& options = service_.options();
    const auto largest = std::min<std::uint64_t>(
        config.max_payload, static_cast<std::uint64_t>(options.max_item_bytes));
    std::uint64_t wanted = 0;
    for (const Item& item : items) {
        if (item.payload.size() > largest) return refusal(not_acceptable, "payload-too-big");
        wanted += cost_of(item);
    }
    std::uint64_t freed = 0;
    if (node) freed = bytes_freed(*node, items, std::min(config.max_items, most_items()));
    if (wanted > freed &&
        *service_.nodes().bytes + wanted - freed > static_cast<std::uint64_t>(options.max_bytes))
        return Refusal{{resource_constraint, "too much is kept already"}};
    if (wanted <= freed) return std::nullopt;
    return service_.refuses_bytes((node ? node->items->bytes() : 0) + wanted - freed);
}

// ---- Publishing --------------------------------------------------------------------------------

Outcome Changes::operator()(const Publish& publish) const {
    Node* const node = service_.nodes().find(publish.node);
    if (!node) {
        if (!service_.may_create(who())) return refused(no_such_node());
        NodeConfig config = service_.defaults();
        if (publish.options)
            if (auto wrong = apply_preconditions(config, *publish.options, most_items()))
                return refused(*wrong);
        return publish_to(nullptr, std::move(config), publish);
    }
    const Standing standing = standing_of(service_, *node, who());
    if (!may_publish(node->config.publish, standing, nullptr, publisher()))
        return refused(may_know(standing) ? Refusal{{forbidden}} : no_such_node());
    if (publish.options)
        if (auto wrong = check_preconditions(node->config, *publish.options, most_items()))
            return refused(*wrong);
    return publish_to(node, node->config, publish);
}

/// `node`: nullptr: it is made, with that configuration, if nothing is wrong with the items.
Outcome Changes::publish_to(Node* node, NodeConfig config, const Publish& publish) const {
    if (auto wrong = check_items(node, config, publish)) return refused(*wrong);
    std::vector<Item> items;
    for (const NewItem& item : publish.items)
        items.push_back({.id = item.id.empty() ? random_token(15) : item.id,
                         .publisher = publisher(),
                         .published = now_,
                         .payload = item.payload ? xml::to_string(*item.payload) : ""});
    if (auto wrong = check_room(node, config, items)) return refused(*wrong);
    Outcome outcome = done(true);
    if (!node) node = create(publish.node, std::move(config), outcome);
    if (!node) return outcome;
    std::vector<std::string> gone;
    if (node->config.persist_items) gone = store_items(*node, items);
    xml::Element& answer = outcome.answer->root().add("pubsub", ns::pubsub).add("publish");
    answer.set_attr("node", node->name);
    std::vector<NodeChange::Item> told;
    for (const Item& item : items) {
        answer.add("item").set_attr("id", item.id);
        told.push_back({item.id, item.payload});
    }
    tell_modules(outcome, *node, NodeChange::What::published, std::move(told));
    notify_of_items(outcome, *node, items);
    notify_of_removed(outcome, *node, gone);
    return outcome;
}

std::vector<std::string> Changes::store_items(Node& node, const std::vector<Item>& items) const {
    core::Actor& owner = service_.owner();
    OwnerNodes& nodes = service_.nodes();
    for (const Item& item : items) {
        const std::size_t there = node.items->find(item.id);
        if (there < node.items->size()) store_.remove_item(owner, nodes, node, there);
        store_.add_item(owner, nodes, node, item);
    }
    const std::size_t most = std::min(node.config.max_items, most_items());
    std::vector<std::string> gone;
    while (node.items->size() > most) {
        gone.push_back(node.items->front().id);
        store_.remove_item(owner, nodes, node, 0);
    }
    return gone;
}

/// Modules are not told: what is published took their place.
void Changes::notify_of_removed(Outcome& outcome, const Node& node,
                                const std::vector<std::string>& ids) const {
    const bool told = node.config.full == NodeFull::retract_oldest && node.config.notify_retract;
    if (ids.empty() || !told) return;
    xml::Element* list = nullptr;
    auto message = make_event(service_, node, "items", &list);
    for (const std::string& id : ids) list->add("retract").set_attr("id", id);
    outcome.notices.push_back(service_.notice(node, std::move(message)));
}

void Changes::notify_of_items(Outcome& outcome, const Node& node,
                              const std::vector<Item>& items) const {
    if (!node.config.deliver_notifications) return;
    xml::Element* list = nullptr;
    auto message = make_event(service_, node, "items", &list);
    for (const Item& item : items)
        add_item(*list, service_, node, item, node.config.deliver_payloads);
    outcome.notices.push_back(service_.notice(node, std::move(message)));
}

// ---- Retracting --------------------------------------------------------------------------------

Outcome Changes::operator()(const Retract& retract) const {
    Node* const node = service_.nodes().find(retract.node);
    if (!node) return refused(no_such_node());
    const Standing standing = standing_of(service_, *node, who());
    if (!may_know(standing) && standing.affiliation != Affiliation::publish_only)
        return refused(no_such_node());
    if (!node->config.persist_items) return refused(unsupported("persistent-items"));
    for (const std::string& id : retract.ids) {
        const std::size_t at = node->items->find(id);
        if (at == node->items->size()) return refused(no_such_node());
        if (!may_retract(standing, (*node->items)[at].publisher, publisher()))
            return refused({{forbidden}});
    }
    Outcome outcome = done(true);
    xml::Element* list = nullptr;
    auto message = make_event(service_, *node, "items", &list);
    std::vector<NodeChange::Item> told;
    for (const std::string& id : retract.ids) {
        const std::size_t at = node->items->find(id);
        if (at == node->items->size()) continue;  // it was named twice
        list->add("retract").set_attr("id", id);
        store_.remove_item(service_.owner(), service_.nodes(), *node, at);
        told.push_back({id, {}});
    }
    tell_modules(outcome, *node, NodeChange::What::retracted, std::move(told));
    if (retract.notify || node->config.notify_retract)
        outcome.notices.push_back(service_.notice(*node, std::move(message)));
    return outcome;
}

}  // namespace clarion::pubsub
