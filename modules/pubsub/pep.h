// Personal eventing (XEP-0163): every account is a pubsub service (XEP-0060), of which it owns all
// nodes. Contacts that see its presence are subscribed to all that they may read; others who may
// read a node subscribe themselves.
//
// Notified are who subscribed, and resources whose capabilities say NODE+notify: the account's own,
// and those of contacts that may read the node and are not blocked. A resource that comes, or
// begins to want it, gets the last item of each such node, once. Accounts hear of it by its
// presence; those of this server at which nobody is logged in do not get that, and are asked by its
// home.
//
// Notifications are messages of type headline from the account's bare address, and take the way of
// all messages.
//
// engine.h: what is asked of nodes. account_service.h: who is notified. last_items.h: who comes.
// records.h: how all of it is kept.
#pragma once

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::pubsub {

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::pubsub
