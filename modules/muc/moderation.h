// Taking back what was said: its author (XEP-0424), or a moderator (XEP-0425). What is in the
// archive and the history is replaced by a tombstone.
#pragma once

#include <optional>
#include <string>

#include "base/task.h"
#include "modules/muc/room.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

/// What a moderator wants taken back.
struct ModerationRequest {
    std::string id{};  // that the room's archive gave it
    std::string reason{};
};
/// Reads `<moderate/>`, or what older clients say (`<apply-to/>`). nullopt: it is no such request.
std::optional<ModerationRequest> read_moderation(const xml::Element& payload);

/// What is left of a message. `done`: the retraction that is written into it; its author and id stay.
std::shared_ptr<Stanza> make_tombstone(const Stanza& original, const xml::Element& retracted);

Task<core::IqAnswer> moderate(Room& room, core::IqRequest request);

/// An occupant retracts a message of its own; `retraction` as it was sent to all.
void retract(Room& room, StanzaPtr retraction);

}  // namespace clarion::muc
