// Rooms (XEP-0045) at domains of their own: [muc."rooms.example.org"].
//
// A room is an actor at the home of its bare JID. Its configuration, affiliations, subject and
// occupants are module data, its archive is an archive (modules/mam). So occupants stay in a room
// when their clients sleep, and when the server restarts.
//
// rooms.h: who loads and makes rooms. room.h: what a room is. records.h: what is kept of it.
// entering.h, nicknames.h, leaving.h, announce.h: presence. room_messages.h: what is said.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/core/setup/module.h"

namespace clarion::muc {

void declare_options(OptionRegistry& registry);
std::vector<core::ServiceDomain> service_domains(const Config& config,
                                                 std::span<const std::string> hosts);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::muc
