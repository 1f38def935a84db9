// Requests of one occupant to another, through the room (XEP-0045, 17.4), and to itself (XEP-0410).
//
// The room asks in the asker's name, under an id of its own, so that nobody answers what it was not
// asked. What is about a user rather than a client goes to the bare address.
#pragma once

#include "modules/muc/room.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// A request to an occupant's address.
void pass_request(Room& room, core::Envelope envelope);

}  // namespace clarion::muc
