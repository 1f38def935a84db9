// What is sent to who comes, or subscribes, of what was published before.
#pragma once

#include <memory>

#include "modules/pubsub/node.h"
#include "modules/pubsub/records.h"
#include "proto/stanza.h"
#include "server/core/actors/actor.h"

namespace clarion::pubsub {

/// A notification of the item, with the time at which it was published (XEP-0203).
std::shared_ptr<Stanza> late_item(const core::Actor& owner, const Node& node, const Jid& to,
                                  const Item& item);

}  // namespace clarion::pubsub
