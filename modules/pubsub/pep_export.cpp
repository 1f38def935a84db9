#include "modules/pubsub/pep_export.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "modules/pubsub/records.h"
#include "proto/ns.h"
#include "proto/pubsub.h"
#include "proto/xml_writer.h"
#include "server/core/context.h"
#include "storage/storage.h"

namespace clarion::pubsub {

namespace {

/// As in the row of the module.
constexpr std::string_view module_name = "pubsub";
constexpr std::size_t page_bytes = 128u << 10;

// ---- How nodes are configured ------------------------------------------------------------------

void add_people(xml::Element& pubsub, const Node& node) {
    if (!node.affiliates.empty()) {
        xml::Element& list = pubsub.add("affiliations").set_attr("node", node.name);
        for (const Affiliate& each : node.affiliates)
            list.add("affiliation")
                .set_attr("jid", each.jid)
                .set_attr("affiliation", name(each.affiliation));
    }
    if (node.subscriptions.size() == 0) return;
    xml::Element& list = pubsub.add("subscriptions").set_attr("node", node.name);
    for (const Subscription& each : node.subscriptions)
        list.add("subscription")
            .set_attr("jid", each.jid)
            .set_attr("subscription", name(each.state()));
}

std::string write_configurations(const OwnerNodes& nodes) {
    xml::Document document("pubsub", ns::pubsub_owner);
    for (const auto& node : nodes.nodes) {
        xml::Element& configure = document.root().add("configure").set_attr("node", node->name);
        config_form(node->config, "form").append_to(configure);
        add_people(document.root(), *node);
    }
    return xml::to_string(document.root()) + "\n";
}

// ---- Where it is -------------------------------------------------------------------------------

/// "i 17 NAME": the items of that node are being written, and that was the last one; "n 0 NAME": it
/// is the turn of the next node.
struct Place {
    bool within = false;
    std::uint64_t seq = 0;
    std::string node;
};

std::string text_of(const Place& place) {
    return std::string(place.within ? "i " : "n ") + std::to_string(place.seq) + ' ' + place.node;
}

std::optional<Place> read_place(std::string_view text) {
    Place place;
    if (text.empty()) return place;
    if (!text.starts_with("i ") && !text.starts_with("n ")) return std::nullopt;
    place.within = text.front() == 'i';
    text.remove_prefix(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place.seq);
    if (error != std::errc() || end == text.data() + text.size()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    place.node = text;
    return place;
}

/// Nodes are in the order of their names.
const Node* node_behind(const OwnerNodes& nodes, std::string_view name) {
    const auto at = std::find_if(nodes.nodes.begin(), nodes.nodes.end(),
                                 [name](const auto& node) { return node->name > name; });
    return at == nodes.nodes.end() ? nullptr : at->get();
}

// ---- Items -------------------------------------------------------------------------------------

void write_item(std::string& out, const Item& item) {
    out += "<item id='";
    xml::escape(out, item.id);
    out += '\'';
    if (!item.publisher.empty()) {
        out += " publisher='";
        xml::escape(out, item.publisher);
        out += '\'';
    }
    out += item.payload.empty() ? "/>\n" : ">" + item.payload + "</item>\n";
}

/// The sequence number at the end of an item's key.
std::uint64_t seq_of(std::string_view key) {
    std::uint64_t seq = 0;
    for (const char byte : key.substr(key.size() - std::min(key.size(), sizeof seq)))
        seq = seq << 8 | static_cast<unsigned char>(byte);
    return seq;
}

storage::DataQuery items_behind(const Node& node, std::uint64_t seq) {
    storage::DataQuery query;
    query.prefix = item_prefix(node.number);
    if (seq > 0) query.after = item_key(node.number, seq);
    query.max_bytes = page_bytes;
    return query;
}

/// The next items of the node; its element is closed behind the last one.
Task<Result<events::ExportPage>> read_items(core::Account& account, const Node& node, Place place,
                                            std::string xml) {
    core::Context& context = account.context();
    const WallTime now = context.clock().wall();
    const NodeConfig config = node.config;
    const storage::DataSpace space{account.id(), module_name, storage::DataKind::stored};
    auto query = items_behind(node, place.seq);
    const auto found = co_await context.storage().module_data().read(space, std::move(query));
    if (!found) co_return found.error();
    const auto has_expired = [&](const Item& item) {
        return config.expires() && item.published + std::chrono::seconds(config.item_expire) <= now;
    };
    for (const auto& entry : found->entries) {
        const auto item = decode_item(entry.value);
        if (!item) co_return item.error();
        if (!has_expired(*item)) write_item(xml, *item);
        place.seq = seq_of(entry.key);
    }
    place.within = !found->complete;
    if (found->complete) {
        xml += "</items>\n";
        place.seq = 0;
    }
    co_return events::ExportPage{std::move(xml), text_of(place)};
}

}  // namespace

Task<Result<events::ExportPage>> export_nodes(core::Account& account, const OwnerNodes& nodes,
                                              std::string after) {
    auto place = read_place(after);
    if (!place) co_return fail(error_code::usage, "there is no such place");
    events::ExportPage page;
    if (after.empty() && nodes.nodes.empty()) co_return page;
    if (after.empty())
        page.xml =
            write_configurations(nodes) + "<pubsub xmlns='" + std::string(ns::pubsub) + "'>\n";
    const Node* node = place->within ? nodes.find(place->node) : node_behind(nodes, place->node);
    if (place->within && !node) {  // it was deleted meanwhile
        page.xml = "</items>\n";
        page.next = text_of({.within = false, .seq = 0, .node = place->node});
        co_return page;
    }
    if (!node) {
        page.xml += "</pubsub>\n";
        co_return page;
    }
    if (!place->within) {
        page.xml += "<items node='";
        xml::escape(page.xml, node->name);
        page.xml += "'>\n";
        place = Place{.within = true, .seq = 0, .node = node->name};
    }
    co_return co_await read_items(account, *node, std::move(*place), std::move(page.xml));
}

}  // namespace clarion::pubsub
