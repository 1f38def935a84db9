// Last activity (XEP-0012): how long the server has run, and since when nobody sees a user any more.
//
// When the last of an account's available resources goes, the time and what it said then are kept,
// as a stored entry. Those who may see the account's presence, and its owner, may ask. To others
// there is nothing, whether there is such an account or not: service-unavailable, not the
// <forbidden/> of section 3, which only an account would answer. Who is connected and not available
// has chosen not to be seen, and counts as gone.
//
// A resource answers for itself, if the asker sees its presence, be it because the client addressed
// presence there; else it does not hear of the question (section 4).
//
// departure.h: what is kept.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::last_activity {

/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::last_activity
