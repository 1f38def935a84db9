// Entering a room (XEP-0045, 7.2), and presence of those who are in it (7.6, 7.7).
#pragma once

#include <optional>

#include "modules/muc/room.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"

namespace clarion::muc {

/// Whether somebody may enter a room, and under which role. What is asked: pure.
struct Applicant {
    Affiliation affiliation = Affiliation::none;
    std::string_view password{};
    bool guesses = false;        // it gave too many wrong passwords to give one now
    bool nick_is_taken = false;  // by another user, there or reserved
    bool is_full = false;
    bool has_many_sessions = false;
    bool is_hasty = false;    // it enters too often, or those of its server do
    bool is_flooded = false;  // too many enter at once
};
/// nullopt: it may.
std::optional<StanzaError> refuse_entry(const RoomRecord& room, const Applicant& applicant);

/// Presence that asks to enter. It is answered, and `is_new` says that it made the room.
void enter(Room& room, core::Envelope envelope, const EnterRequest& wanted, bool is_new);
/// Any other presence of type available to an occupant's address.
void take_available(Room& room, core::Envelope envelope);

}  // namespace clarion::muc
