// Leaving a room: by oneself, because one cannot be reached, or because somebody wants it
// (XEP-0045, 7.14, 8.2, 9.1 and 12.1).
#pragma once

#include <string_view>

#include "modules/muc/announce.h"
#include "modules/muc/room.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// Unavailable presence of one session. What is said of it goes on to the others.
void take_unavailable(Room& room, const Stanza& presence);
/// One session is in the room no more; its occupant neither if it was the only one. `source`: the
/// presence with which it left, nullptr if it did not.
void remove_session(Room& room, Occupant& occupant, const Jid& session, const Stanza* source,
                    const News& news);
/// All sessions of an occupant.
void remove_occupant(Room& room, Occupant& occupant, const News& news);

/// Whether an error that came back from a session says that it is in no room any more (12.1).
/// Others are about what was sent.
bool ends_session(const StanzaError& error);
/// An error came from a session of an occupant. `local`: this server made it, because it does not
/// reach the other one; then nobody of that server is in the room any more.
void take_error(Room& room, const Stanza& error, bool local);

/// A room that nobody is in and that does not stay is to go. What must be done when somebody left.
bool is_over(const Room& room);

}  // namespace clarion::muc
