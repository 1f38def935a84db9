// Roll call: whether occupants whom a former run of the server left in a room are still there, or
// one of whom there is a doubt.
//
// Other servers may have told a room that their users left while this server was down, so those are
// asked; and one that died tells nobody. Who does not answer stays: its client may sleep. What
// became of its own users' sessions this server tells the room itself; but when it died it may have
// kept that a session had left and not yet that the room had heard of it, for the two may live on
// different shards. So the records of those sessions are looked at.
#pragma once

#include "modules/muc/rooms.h"

namespace clarion::muc {

/// Begins one, if some are to be asked; nobody waits for it, and it takes its time.
void call_roll(Rooms& rooms, Room& room);

/// Asks after one session of an occupant, unless that is under way: what was sent to it came back
/// with an error that a client may say, or a server for a client that is not there any more.
void ask_after(Rooms& rooms, Room& room, const Jid& session);

}  // namespace clarion::muc
