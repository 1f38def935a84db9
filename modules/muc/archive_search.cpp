#include "modules/muc/archive_search.h"

#include <string>

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

AuthorSought by_nick(const Room& room, std::string_view nick) {
    if (const Occupant* const there = room.occupants().by_nick(nick))
        return {.author = Jid::trusted(there->user)};
    if (const auto reserved = room.store().reserved_for(room.owner(), nick))
        return {.author = Jid::trusted(*reserved)};
    return {.refused = StanzaError(Condition::item_not_found, "nobody has this nickname now")};
}

}  // namespace

bool knows_addresses(const Room& room, const Jid& who) {
    if (room.config().who_is == WhoIs::anyone) return true;
    if (room.affiliation_of(who) >= Affiliation::admin) return true;
    const Occupant* const occupant = room.occupants().by_session(who);
    return occupant && occupant->role == Role::moderator;
}

AuthorSought find_author(const Room& room, const Jid& asker, const Jid& with) {
    // What the room says itself hides nobody.
    if (with == room.jid()) return {.author = with};
    if (with.bare() == room.jid().full()) return by_nick(room, with.resource());
    if (!knows_addresses(room, asker))
        return {.refused = StanzaError(Condition::forbidden,
                                       "this room does not tell real addresses: search for "
                                       "somebody by the address in the room")};
    return {.author = with.to_bare()};
}

}  // namespace clarion::muc
