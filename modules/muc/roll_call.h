// Roll call: whether occupants whom a former run of the server left in a room are still there.
//
// Users of this server need not be asked: what became of their sessions, this server tells the room
// itself. Other servers may have told a room that their users left while this server was down.
#pragma once

#include "modules/muc/rooms.h"

namespace clarion::muc {

/// Begins one, if some are to be asked; nobody waits for it, and it takes its time.
void call_roll(Rooms& rooms, Room& room);

}  // namespace clarion::muc
