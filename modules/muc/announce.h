// What a room says of its occupants' presence, and to whom (XEP-0045, 7.2.2, 7.6 to 7.14).
//
// Each is said in at most three forms: with the real address for those who may see it, without it,
// and to the occupant itself. Whatever is said goes through the room's outbox, in order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modules/muc/room.h"

namespace clarion::muc {

/// Why somebody's presence is told, beside that it is so.
struct News {
    std::vector<int> codes{};       // to all
    std::vector<int> own_codes{};   // to the occupant itself, beside 110
    std::string_view actor_nick{};  // of whoever did it
    std::string_view reason{};
    std::string_view new_nick{};  // with status::nick_changed
    const Destruction* destroyed = nullptr;
};

/// An occupant's presence as one recipient is told it. `source`: what the client said; nullptr:
/// nothing.
struct Telling {
    const Occupant& about;
    StanzaType type = StanzaType::available;
    const Stanza* source = nullptr;
    bool with_jids = false;
    bool to_self = false;
};
std::shared_ptr<Stanza> make_presence(const Telling& telling, const News& news);

/// What only a room may say, and what is of no use to others, taken away: an occupant's presence as
/// it is kept.
StanzaPtr clean_presence(const Stanza& presence);

/// Tells everybody, the occupant's own sessions too, that it is available, as its current presence
/// says. `except`: a session that is told by itself.
void tell_available(Room& room, const Occupant& about, const News& news, const Jid& except = {});
/// The same when its role was another one: others see it no more if the presence of its new role is
/// not told.
void tell_role(Room& room, const Occupant& about, Role before, const News& news);
/// The presence of other roles than `before` is told from now on: others see who comes into sight,
/// and who goes out of it.
void tell_of_broadcast(Room& room, Roles before);
/// Tells all other occupants that `about`, who is in the room no more, or has another nickname from
/// now on, is unavailable, and `sessions` of its own.
void tell_unavailable(Room& room, const Occupant& about, const std::vector<Jid>& sessions,
                      const Stanza* source, const News& news);
/// To one session of an occupant: all others, in their present state.
void tell_occupants(Room& room, const Occupant& to, const Jid& session);
/// To one session of an occupant: its own presence, the last of what who enters is told first.
void tell_self(Room& room, const Occupant& about, const Jid& session, const News& news);

/// A message from the room itself with `<x/>` of muc#user that says these codes, to all.
void tell_codes(Room& room, const std::vector<int>& codes);

}  // namespace clarion::muc
