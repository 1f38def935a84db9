#include "proto/pubsub_client.h"

#include "base/id.h"
#include "proto/data_form.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::pubsub {

namespace {

/// A request, and its child of <pubsub/>.
std::pair<std::shared_ptr<Stanza>, xml::Element*> make(const Asking& asking, StanzaType type,
                                                       std::string_view name,
                                                       std::string_view node) {
    auto request = Stanza::make(StanzaKind::iq, type, asking.from, asking.to, random_token(9));
    xml::Element& child = request->root().add("pubsub", ns::pubsub).add(name);
    child.set_attr("node", node);
    return {std::move(request), &child};
}

void add_options(xml::Element& pubsub, const std::vector<PublishOption>& options) {
    xml::Element& form = pubsub.add("publish-options").add("x", ns::data_forms);
    form.set_attr("type", "submit");
    xml::Element& type = form.add("field").set_attr("var", "FORM_TYPE").set_attr("type", "hidden");
    type.add_text_child("value", ns::pubsub_publish_options);
    for (const auto& [var, value] : options)
        form.add("field").set_attr("var", var).add_text_child("value", value);
}

/// What is kept is answered as it is kept.
std::string payload_of(const xml::Element& item) {
    for (const xml::Node* node = item.first_node(); node; node = node->next) {
        if (node->kind == xml::Node::Kind::raw) return std::string(node->text);
        if (const xml::Element* payload = node->as_element()) return xml::to_string(*payload);
    }
    return {};
}

}  // namespace

std::shared_ptr<Stanza> make_publish(const Asking& asking, std::string_view node,
                                     const std::vector<ItemText>& items,
                                     const std::vector<PublishOption>& options) {
    auto [request, publish] = make(asking, StanzaType::set, "publish", node);
    for (const ItemText& item : items) {
        xml::Element& added = publish->add("item").set_attr("id", item.id);
        const xml::Document payload = xml::parse_element(item.payload);
        if (!payload.empty()) added.add_copy(payload.root());
    }
    if (!options.empty()) add_options(*request->root().child(ns::pubsub, "pubsub"), options);
    return request;
}

std::shared_ptr<Stanza> make_retract(const Asking& asking, std::string_view node,
                                     const std::vector<std::string>& ids, bool notify) {
    auto [request, retract] = make(asking, StanzaType::set, "retract", node);
    if (notify) retract->set_attr("notify", "true");
    for (const std::string& id : ids) retract->add("item").set_attr("id", id);
    return request;
}

std::shared_ptr<Stanza> make_get_items(const Asking& asking, std::string_view node,
                                       const std::vector<std::string>& ids) {
    auto [request, list] = make(asking, StanzaType::get, "items", node);
    for (const std::string& id : ids) list->add("item").set_attr("id", id);
    return request;
}

std::shared_ptr<Stanza> make_get_last_item(const Asking& asking, std::string_view node) {
    auto [request, list] = make(asking, StanzaType::get, "items", node);
    list->set_attr("max_items", "1");
    return request;
}

std::shared_ptr<Stanza> make_get_config(const Asking& asking, std::string_view node) {
    auto request =
        Stanza::make(StanzaKind::iq, StanzaType::get, asking.from, asking.to, random_token(9));
    request->root().add("pubsub", ns::pubsub_owner).add("configure").set_attr("node", node);
    return request;
}

std::vector<ItemText> read_items(const Stanza& result) {
    std::vector<ItemText> items;
    const xml::Element* const pubsub = result.root().child(ns::pubsub, "pubsub");
    const xml::Element* const list = pubsub ? pubsub->child(ns::pubsub, "items") : nullptr;
    if (!list) return items;
    for (const xml::Element* item = list->first_child(); item; item = item->next_sibling()) {
        items.push_back({std::string(item->attr("id")), payload_of(*item)});
    }
    return items;
}

std::string read_config_field(const Stanza& result, std::string_view var) {
    const xml::Element* const pubsub = result.root().child(ns::pubsub_owner, "pubsub");
    const xml::Element* const node =
        pubsub ? pubsub->child(ns::pubsub_owner, "configure") : nullptr;
    const auto form = node ? DataForm::find_in(*node) : std::nullopt;
    return form ? std::string(form->value(var)) : std::string();
}

}  // namespace clarion::pubsub
