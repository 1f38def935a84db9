// Whose messages somebody may search the archive of a room for (XEP-0313, 4.1.1).
//
// The archive has the real address of whoever said something. A search by it would tell anybody who
// is behind a nickname, so in a semi-anonymous room it is for those who know that anyway; all others
// name authors as they know them.
#pragma once

#include <optional>

#include "modules/muc/room.h"
#include "proto/stanza_error.h"

namespace clarion::muc {

/// Whether somebody, in the room or not, may know real addresses of who is, or was, in it.
bool knows_addresses(const Room& room, const Jid& who);

struct AuthorSought {
    Jid author{};  // as its messages are archived
    std::optional<StanzaError> refused{};
};
/// Whom a search means: by the address of an occupant, who is there or has the nickname reserved, or
/// by a real address. Refused: "forbidden" if the asker may not search by that, "item-not-found" if
/// nobody has the nickname now.
AuthorSought find_author(const Room& room, const Jid& asker, const Jid& with);

}  // namespace clarion::muc
