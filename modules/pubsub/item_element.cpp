#include "modules/pubsub/item_element.h"

#include "base/text.h"
#include "modules/pubsub/outcome.h"
#include "proto/delay.h"

namespace clarion::pubsub {

namespace {

/// Empty: nobody's.
std::string reply_address(const Service& service, const Node& node, const Item& item) {
    switch (node.config.item_reply) {
        case ItemReply::none: break;
        case ItemReply::publisher:
            return item.publisher.empty() ? service.owner().jid().full() : item.publisher;
        case ItemReply::owner: {
            const auto owners = owners_of(service, node);
            return owners.empty() ? std::string() : owners.front().full();
        }
    }
    return {};
}

}  // namespace

xml::Element& add_item(xml::Element& list, const Service& service, const Node& node,
                       const Item& item, bool with_payload) {
    xml::Element& added = list.add("item").set_attr("id", item.id);
    const std::string publisher = reply_address(service, node, item);
    if (!publisher.empty()) added.set_attr("publisher", publisher);
    if (with_payload && !item.payload.empty()) added.add_raw(item.payload);
    return added;
}

std::shared_ptr<Stanza> late_item(const Service& service, const Node& node, const Jid& to,
                                  const Item& item) {
    xml::Element* list = nullptr;
    auto message = make_event(service, node, "items", &list);
    message->set_to(to);
    add_item(*list, service, node, item, node.config.deliver_payloads);
    state_delay(message->root(), service.owner().host(), format_datetime(item.published));
    return message;
}

}  // namespace clarion::pubsub
