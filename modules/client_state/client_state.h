// Client State Indication (XEP-0352): what is not urgent waits while nobody looks at the screen.
//
// A client that says <inactive/> is sent nothing that it need not have now. What waits, waits in
// order: a newer stanza that makes an older one obsolete (presence, a chat state, an item of a PEP
// node) takes its place at the end, and everything held goes before the first stanza that matters,
// when the client says <active/>, or when [csi] max_held or max_held_bytes is passed. Nothing is
// sent because of a timer. What is let go carries <delay/> (XEP-0203).
//
// What is held is unimportant or safe elsewhere: a message that offline storage would have to keep
// is held only if the archive has it, so a crash loses presence and chat states, no more. Holding
// lets go of the ticket: senders need not wait for it. Held stanzas have no number of XEP-0198 yet:
// they get it when they are sent, or join the hibernating queue (SessionDetaching); nobody is
// notified of those. The state is no part of a hibernating session: it wakes up active (section
// 5.2).
//
// Nobody else is ever told the state (section 6). What may wait: verdict.h; how it waits: held.h.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::client_state {

struct CsiOptions {
    std::int64_t max_held = 256;
    std::int64_t max_held_bytes = 256 << 10;
    static void declare(OptionTable<CsiOptions>& table);
};

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::client_state
