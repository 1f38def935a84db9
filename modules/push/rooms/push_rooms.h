// push_rooms: which messages of rooms a sleeping phone is told of.
//
// A registration that has a filter of rooms of its own (push_filters) is judged by that alone. All
// others by what the user has said of the room in a bookmark (XEP-0492), or else: of a room that
// anybody may find and enter mentions and replies are told ([push] public_rooms), of any other all.
// Rooms say which they are when they are asked (room_kinds), here and on other servers alike.
//
// Bookmarks are items of a node that the pubsub module keeps. What push needs of them is kept here,
// resident, for accounts that have push: read once, and then followed (PepNodeChanged). So is which
// occupant the user is (presence with status 110), for phones that sleep.
#pragma once

#include <string_view>

#include "base/result.h"
#include "server/core/setup/module.h"

namespace clarion::push::rooms {

void install(core::ModuleSetup& setup);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::push::rooms
