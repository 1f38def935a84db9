#include "modules/pubsub/late_item.h"

#include "base/id.h"
#include "base/text.h"
#include "proto/delay.h"

namespace clarion::pubsub {

std::shared_ptr<Stanza> late_item(const core::Actor& owner, const Node& node, const Jid& to,
                                  const Item& item) {
    auto message =
        Stanza::make(StanzaKind::message, StanzaType::headline, owner.jid(), to, random_token(9));
    xml::Element& list = add_event(message->root(), "items", node.name);
    xml::Element& added = list.add("item").set_attr("id", item.id);
    if (node.config.deliver_payloads && !item.payload.empty()) added.add_raw(item.payload);
    state_delay(message->root(), owner.host(), format_datetime(item.published));
    return message;
}

}  // namespace clarion::pubsub
