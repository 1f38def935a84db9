// Nicknames: which are free, and changing them (XEP-0045, 7.2.8, 7.6 and 7.10).
#pragma once

#include <optional>
#include <string_view>

#include "modules/muc/room.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// Whether somebody else has that nickname, or has it reserved.
bool is_taken(const Room& room, std::string_view nick, const Jid& who);
/// nullopt: it may be a nickname there.
std::optional<StanzaError> refuse_nickname(const Room& room, std::string_view nick);
/// The address that a user must have in the room, because it has a nickname reserved there and the
/// service holds to that; nullopt: any.
std::optional<Jid> held_address(const Room& room, const Jid& who);
/// Whoever else has the nickname that was just reserved for somebody is removed.
void clear_nickname(Room& room, std::string_view nick, const Jid& who);
/// A nickname was just reserved for `who`, a bare address: if it is held to that and is in the room, it
/// is called so from now on.
void hold_to_nickname(Room& room, const Jid& who);
/// An occupant sends presence to another address than its own: all its sessions get that nickname.
/// If its user's other clients have it already, that one session goes over to them (7.2.8). Returns
/// whose occupant it is now, of which the caller tells; nullptr: that was refused.
Occupant* change_nickname(Room& room, Occupant& occupant, const core::Envelope& envelope);

}  // namespace clarion::muc
