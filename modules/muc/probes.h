// Presence probes of occupants (XEP-0045, Business Rules): what a client that missed something asks.
#pragma once

#include "modules/muc/room.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// To an occupant's address, by an occupant: it is told that one's presence anew, also if the
/// presence of its role is not told by itself; of who has the nickname reserved and is away that it is.
/// Probes of the room itself are not answered: it has no roster.
void answer_probe(Room& room, core::Envelope envelope);

}  // namespace clarion::muc
