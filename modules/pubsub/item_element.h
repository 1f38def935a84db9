// An item as those see it who may: in notifications, answers, and what comes late.
#pragma once

#include <memory>

#include "modules/pubsub/records.h"
#include "modules/pubsub/service.h"
#include "proto/stanza.h"

namespace clarion::pubsub {

/// With the address to which the node's configuration wants answers to go (XEP-0060, 7.1.2.3 and
/// 12.17). Returns it.
xml::Element& add_item(xml::Element& list, const Service& service, const Node& node,
                       const Item& item, bool with_payload);

/// A notification of the item to who comes, or subscribes, with the time at which it was published
/// (XEP-0203).
std::shared_ptr<Stanza> late_item(const Service& service, const Node& node, const Jid& to,
                                  const Item& item);

}  // namespace clarion::pubsub
