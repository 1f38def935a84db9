// Blocking Command (XEP-0191) with abuse reports (XEP-0377): addresses with which a user wants no
// contact.
//
// The list is resident data of the account (core/actors/module_data.h): loaded with it, written
// entry by entry and durable before the command is acknowledged. It takes effect at the
// `screen` stage of what leaves and what arrives, ahead of archive, carbons, offline storage and
// push, which therefore know nothing of it:
//
//   from a blocked address   message   chat and normal: service-unavailable, as if nobody were
//                                      there; others are dropped
//                            presence  dropped, probes and subscription requests too
//                            iq        requests: service-unavailable; answers are dropped
//   to a blocked address     not-acceptable with <blocked/> to the client; answers and errors are
//                            dropped. What the server sends in the user's name (presence to
//                            contacts, probes, repeated requests) is left out.
//
// Never blocked, whatever the list says: the user's own devices and the user's own server (its bare
// domain), which would answer no more. What was accepted before the block and still waits (offline,
// in the queue of a hibernating session, held back) is dropped when it would be handed over; what a
// client numbers already is replaced by an empty message. The archive keeps it. Removing a contact
// or deleting the account still ends subscriptions with blocked contacts.
//
// Blocking is polite: subscriptions and the roster stay. Who becomes blocked sees the user go
// offline, if it saw the user at all (roster, directed presence: so a blocked room is left); who is
// unblocked sees the user come back and is asked for its own presence. The user's clients are told
// that a contact or room that becomes blocked is unavailable, because what they last heard of it
// would stand for ever otherwise.
//
// Sessions that asked for the list are told of changes (pushes), hibernating or not; the mark is in
// the record of a hibernating session.
//
// blocklist.h: the list and how addresses match. stored_lists.h: how it is kept. reports.h:
// XEP-0377.
#pragma once

#include <cstdint>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::blocking {

struct BlockingOptions {
    std::int64_t max_items = 5000;
    std::int64_t max_reports = 60;  // per account and hour
    std::int64_t kept_reports = 200;
    static void declare(OptionTable<BlockingOptions>& table);
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::blocking
