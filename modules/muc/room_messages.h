// Messages to a room and between its occupants (XEP-0045, 7.4, 7.5 and 8.1).
#pragma once

#include <optional>

#include "modules/muc/room.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// Whether an occupant may say something to all of them, which is counted. nullopt: it may.
std::optional<StanzaError> refuse_message(Room& room, const Occupant& sender, const Stanza& message,
                                          SteadyTime now);

/// Of type groupchat to the room: to all occupants, and into the archive.
void take_groupchat(Room& room, core::Envelope envelope);
/// To an occupant's address: to all its sessions, and to nobody else.
void take_private(Room& room, core::Envelope envelope);
/// An error came back. Whether it is about a private message: then who sent that hears of it, if it
/// reached nobody (RFC 6120, 8.3).
bool take_private_failure(Room& room, const Stanza& error);

/// Sends a message that the room says in somebody's name, or its own, to all occupants; archived if
/// the room is, as something that `author` said: a real bare address, for which only who may know it
/// can search (archive_search.h), or the room's. Returns it as it was sent.
StanzaPtr say(Room& room, core::Envelope envelope, const Jid& author);

}  // namespace clarion::muc
