// Requests of muc#admin: lists of who has which role or affiliation, and changes of them
// (XEP-0045, 8, 9 and 10).
#pragma once

#include "modules/muc/room.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

core::IqAnswer answer_lists(Room& room, const core::IqRequest& request);
/// All of what is asked for is done, or nothing is.
core::IqAnswer change_lists(Room& room, const core::IqRequest& request);

}  // namespace clarion::muc
