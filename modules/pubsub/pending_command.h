// The command get-pending (XEP-0060, 8.7; XEP-0050): an owner of nodes has the requests for
// subscriptions that wait sent once more.
//
// It is for owners, not for administrators, so it is served here and not by modules/commands. It has
// one form and keeps nothing between two steps: what is submitted names the node, and who may is
// looked up again.
#pragma once

#include <string_view>

#include "modules/pubsub/node_store.h"
#include "modules/pubsub/outcome.h"
#include "modules/pubsub/service.h"
#include "server/core/actors/iq_table.h"

namespace clarion::pubsub {

inline constexpr std::string_view get_pending_node =
    "http://jabber.org/protocol/pubsub#get-pending";

/// Whether a <command/> or a query is about it.
bool is_get_pending(const xml::Element& payload);

/// Whether somebody owns a node there.
bool owns_some(const Service& service, const Jid& who);

/// `request`: a <command/>. Who owns no node is told forbidden, or that there is no such thing.
Outcome get_pending(const NodeStore& store, const Service& service, const Stanza& request);

/// Its disco#info, and its entry in a list of commands.
Task<core::IqAnswer> describe_get_pending(core::IqRequest request);
void list_get_pending(xml::Element& query, const Jid& at);

}  // namespace clarion::pubsub
