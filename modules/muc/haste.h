// Haste: how much one user may make a room say to others, whatever it is: messages to all or to
// one, invitations, requests for voice and to register. By user, not by occupant (measures.h).
#pragma once

#include <cstddef>
#include <optional>

#include "modules/muc/room.h"
#include "proto/stanza_error.h"

namespace clarion::muc {

/// Counts what an occupant says. Moderators say as much as they like. nullopt: it may.
std::optional<StanzaError> refuse_haste(Room& room, const Occupant& sender, SteadyTime now,
                                        std::size_t count = 1);
/// Counts what somebody asks of a room who need not be in it; those who are not have one measure
/// together.
std::optional<StanzaError> refuse_haste(Room& room, const Jid& asker, SteadyTime now);
/// Counts what an occupant asks another. Moderators, too: it is another's client that answers.
std::optional<StanzaError> refuse_hasty_request(Room& room, const Occupant& asker, SteadyTime now);
/// Counts a change of presence or nickname, or a probe.
bool allows_presence(Room& room, const Occupant& occupant, SteadyTime now);

}  // namespace clarion::muc
