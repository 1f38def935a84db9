// Changing what somebody is in a room: roles and affiliations (XEP-0045, 8 to 10).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modules/muc/permissions.h"
#include "modules/muc/room.h"

namespace clarion::muc {

/// Who does it, as others are told; empty: nobody in the room.
struct Cause {
    std::string actor_nick{};
    std::string reason{};
    /// It is what the user whom it is about wants to be, by registering with the room or no more.
    bool is_by_user = false;
};

/// An occupant has that role from now on, and all are told; Role::none: it is kicked.
void set_role(Room& room, Occupant& occupant, Role role, const Cause& cause);

/// A bare address or a domain is that to the room from now on; who is in it is told, or removed if
/// they may not be in it any more. In memory and in the turn's batch. Error: "resource-constraint".
Result<> set_affiliation(Room& room, const Jid& who, Affiliation affiliation, const Cause& cause);

/// Somebody who is to have an affiliation.
struct Listing {
    Jid who;  // a bare address or a domain
    Affiliation affiliation = Affiliation::none;
};
/// Whether the room has place for these, whoever of them it lists already: outcasts are counted by
/// themselves, and who has registered is not counted. What is done for several is refused before any
/// of it is done. Error: "resource-constraint".
Result<> check_place(const Room& room, const std::vector<Listing>& wanted);
/// Whether it has place for one more user who registers. Error: "resource-constraint".
Result<> check_registration(const Room& room, const Jid& who, std::string_view nick);

/// Who may be in a room has changed with its configuration: who may not is removed.
void remove_non_members(Room& room);

/// How many of them are owners.
std::size_t owners_of(const Room& room);

}  // namespace clarion::muc
