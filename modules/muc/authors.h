// Authors: by which real address something in the archive of a room was said.
//
// The archive has messages as occupants were sent them, with the author's occupant id (XEP-0421).
// Whose an id is, is kept apart, once for each author of a room, and told only to who may know it
// when a page is read (XEP-0313, 5.1.2): what is archived need not change when the room is
// configured otherwise, nor when somebody becomes a moderator, or is one no more.
#pragma once

#include "base/task.h"
#include "modules/muc/room.h"

namespace clarion::muc {

/// The occupant says something that is archived.
void note_author(Room& room, Occupant& occupant);

/// Adds to a page of the room's archive who said what, if the asker may know it now. `room` and
/// `page` outlive it.
Task<> add_authors(Room& room, Jid asker, storage::ArchivePage& page);

}  // namespace clarion::muc
