// What is found of rooms: the list of a service, and what each says of itself (XEP-0045, 6).
#pragma once

#include <string_view>

#include "base/task.h"
#include "modules/muc/rooms.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

/// Node at which a room says which nickname the asker has reserved (7.12).
inline constexpr std::string_view own_nickname_node = "x-roomuser-item";

/// Identity, features and forms of a room.
void describe_room(const Room& room, xml::Element& query);
/// disco#items of a service: its public rooms, in pages (XEP-0059).
Task<core::IqAnswer> list_rooms(const Rooms& rooms, core::IqRequest request);
/// disco#items of a room: who is in it, as far as that may be known.
core::IqAnswer list_occupants(const Room& room, const core::IqRequest& request);
/// disco#info of that node.
core::IqAnswer answer_own_nickname(const Room& room, const core::IqRequest& request);

}  // namespace clarion::muc
