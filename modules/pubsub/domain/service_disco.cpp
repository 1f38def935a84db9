#include "modules/pubsub/domain/service_disco.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "modules/pubsub/access.h"
#include "modules/pubsub/item_page.h"
#include "proto/ns.h"

namespace clarion::pubsub {

namespace {

constexpr std::uint32_t most_listed = 250;

void add_node(xml::Element& query, const Service& service, const Node& node) {
    xml::Element& item = query.add("item");
    item.set_attr("jid", service.owner().jid().full()).set_attr("node", node.name);
    if (!node.config.title.empty()) item.set_attr("name", node.config.title);
}

void add_owners(DataForm& form, const Node& node) {
    std::vector<std::string> owners;
    for (const Affiliate& each : node.affiliates)
        if (each.affiliation == Affiliation::owner) owners.push_back(each.jid);
    if (!owners.empty()) form.add("pubsub#owner", std::move(owners), "jid-multi");
}

}  // namespace

void describe_node(const Node& node, xml::Element& query) {
    query.add("identity").set_attr("category", "pubsub").set_attr("type", "leaf");
    query.add("feature").set_attr("var", ns::pubsub);
    DataForm form = meta_data_form(node.config);
    if (!node.creator.empty()) form.add("pubsub#creator", node.creator, "jid-single");
    form.add("pubsub#creation_date", format_datetime(node.created), "text-single");
    add_owners(form, node);
    const std::size_t subscribed = node.subscriptions.size() - node.subscriptions.pending();
    form.add("pubsub#num_subscribers", std::to_string(subscribed), "text-single");
    form.append_to(query);
}

std::optional<Refusal> list_nodes(const Service& service, const Jid& who, const RsmRequest& rsm,
                                  xml::Element& query) {
    std::vector<const Node*> nodes;
    std::vector<ItemEntry> names;  // as a list of items, which has pages
    for (const auto& node : service.nodes().nodes) {
        if (!may_know(standing_of(service, *node, who))) continue;
        nodes.push_back(node.get());
        names.push_back({.seq = names.size(), .id = node->name});
    }
    const ItemList list(std::move(names));
    GetItems wanted{.rsm = rsm};
    wanted.rsm.present = true;
    wanted.rsm.max = std::min(rsm.max.value_or(most_listed), most_listed);
    const auto chosen = choose_page(list, wanted, std::numeric_limits<std::uint64_t>::max());
    if (const auto* refused = std::get_if<Refusal>(&chosen)) return *refused;
    const ItemPage page = std::get<ItemPage>(chosen);
    for (std::size_t i = page.first; i < page.first + page.count; ++i)
        add_node(query, service, *nodes[i]);
    if (rsm.present || page.count < list.size()) add_rsm(query, describe(list, page));
    return std::nullopt;
}

}  // namespace clarion::pubsub
