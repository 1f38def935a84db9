// What is found at a pubsub service (XEP-0060, 5.1 to 5.5). Pure.
#pragma once

#include <optional>

#include "modules/pubsub/service.h"
#include "proto/rsm.h"

namespace clarion::pubsub {

/// disco#info of a node, with what anybody who sees it may know of it.
void describe_node(const Node& node, xml::Element& query);

/// disco#items of a service: the nodes of which `who` may know, at most a page of them, in order of
/// their names. Refused: a page before or after a node that is not there.
std::optional<Refusal> list_nodes(const Service& service, const Jid& who, const RsmRequest& rsm,
                                  xml::Element& query);

}  // namespace clarion::pubsub
