// Registering with a room: becoming a member, and reserving a nickname (XEP-0045, 7.10 and 7.12).
#pragma once

#include "modules/muc/room.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

/// jabber:iq:register.
core::IqAnswer answer_registration(Room& room, const core::IqRequest& request);
core::IqAnswer take_registration(Room& room, const core::IqRequest& request);

}  // namespace clarion::muc
