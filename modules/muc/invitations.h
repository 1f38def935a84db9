// Messages to a room that are not for all: invitations through it (XEP-0045, 7.8.2), requests for
// voice (7.13, 8.6) and for membership (7.10, 9.9), and what is answered to them.
#pragma once

#include "modules/muc/room.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// A message of type normal to the room itself.
void take_request(Room& room, core::Envelope envelope);

/// Somebody asks to become a member under that nickname: its administrators who are there are asked.
void ask_for_membership(Room& room, const Jid& who, std::string_view nick);

}  // namespace clarion::muc
