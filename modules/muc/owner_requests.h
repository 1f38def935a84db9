// Requests of muc#owner: the configuration of a room, and its end (XEP-0045, 10.1, 10.2 and 10.9).
#pragma once

#include "modules/muc/room.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

core::IqAnswer answer_config(Room& room, const core::IqRequest& request);

/// What is to become of the room.
enum class Fate : std::uint8_t { stays, ends };
struct OwnerAnswer {
    core::IqAnswer answer;
    Fate fate = Fate::stays;
};
/// Configures it, or tells all that it is no more.
OwnerAnswer take_owner_request(Room& room, const core::IqRequest& request);

/// The same for whoever may do that otherwise: an administrator of the server. Errors as of
/// read_config(), and "resource-constraint".
Result<> configure(Room& room, const DataForm& form);
/// All who are in it leave it. It is for the caller to remove it.
void tell_of_end(Room& room, const Destruction& destruction);

}  // namespace clarion::muc
