// Permissions: who may do what in a room (XEP-0045, 5.1 and 5.2). Pure.
#pragma once

#include <cstddef>
#include <optional>

#include "modules/muc/room_config.h"
#include "proto/stanza_error.h"

namespace clarion::muc {

/// What somebody is in a room now. Of who is not in it, the role is none.
struct Standing {
    Affiliation affiliation = Affiliation::none;
    Role role = Role::none;
};

/// Changing the role of an occupant (8.2 to 8.4, 9.6, 9.7).
std::optional<StanzaError> refuse_role(Standing actor, Standing target, Role wanted);

struct AffiliationChange {
    Affiliation from = Affiliation::none;
    Affiliation to = Affiliation::none;
    bool of_actor = false;  // about who asks for it
    bool of_last_owner = false;
};
/// Changing what somebody is to the room (9.1 to 9.5, 10.3 to 10.8).
std::optional<StanzaError> refuse_affiliation(Affiliation actor, const AffiliationChange& change);

/// Reading the list of those who have an affiliation.
bool may_list(const RoomConfig& config, Standing actor, Affiliation listed);
/// Reading the list of those who have a role.
bool may_list(Standing actor, Role listed);

}  // namespace clarion::muc
