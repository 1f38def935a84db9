// Offline messages (XEP-0160): what no session took waits here and goes first when one becomes
// available.
//
// Storing: at Undelivered, if may_be_kept_offline() (core/routing/message_rules.h) and the account
// has room; as a reference into the log where the message is archived, else with its bytes. It is
// durable before it is acknowledged to its sender. What does not fit is refused
// (service-unavailable, by the router), unless the recipient's archive has it anyway.
//
// Delivering: when a session becomes available with a priority of 0 or more, or wakes up so, a
// coroutine reads the messages page by page and sends them in order of arrival, each with <delay/>
// and its <stanza-id/>, while live stanzas queue behind (core/accounts/send_hold.h). One flush at a
// time per account; if its session goes, another available one takes over, from the first on that
// is not acknowledged. An entry is removed when the client acknowledged it (Envelope::spooled), or
// without stream management as soon as it is written. What is under way to a session already
// (spooled by the router, unacknowledged since an earlier flush) is not sent to another. What a
// page of the archive brought to this very session before (XEP-0313, 5.1.1;
// core/accounts/stretches.h) is not sent, but removed, once the client acknowledged that page;
// whatever else a client asked its archive changes nothing.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::offline {

struct OfflineOptions {
    std::int64_t max_messages = 1000;
    std::int64_t max_bytes = 16 << 20;
    static void declare(OptionTable<OfflineOptions>& table);
};

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::offline
