#include "modules/muc/nicknames.h"

#include <utility>

#include "modules/muc/announce.h"
#include "proto/nickname.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

bool is_taken(const Room& room, std::string_view nick, const Jid& who) {
    const Occupant* const there = room.occupants().by_nick(nick);
    if (there && there->user != who.bare()) return true;
    const auto reserved = room.store().reserved_for(room.owner(), nick);
    return reserved && *reserved != who.bare();
}

std::optional<StanzaError> refuse_nickname(const Room& room, std::string_view nick) {
    if (nickname_key(nick).empty())
        return StanzaError(Condition::jid_malformed, "a nickname is more than spaces");
    if (tidy_nickname(nick) != nick)
        return StanzaError(Condition::jid_malformed,
                           "a nickname has no spaces at its ends, nor two together");
    if (nick.size() > static_cast<std::size_t>(room.options().max_nick_bytes))
        return StanzaError(Condition::not_acceptable, "the nickname is too long");
    return std::nullopt;
}

namespace {

std::vector<Jid> sessions_of(const Occupant& occupant) {
    std::vector<Jid> sessions;
    for (const OccupantSession& each : occupant.sessions) sessions.push_back(each.jid);
    return sessions;
}

std::optional<StanzaError> refuse_change(const Room& room, const Occupant& occupant,
                                         const Jid& from, std::string_view nick) {
    if (auto refused = refuse_nickname(room, nick)) return refused;
    const Occupant* const there = room.occupants().by_nick(nick);
    if ((there && there != &occupant) || is_taken(room, nick, from))
        return StanzaError(Condition::conflict);
    return std::nullopt;
}

}  // namespace

void change_nickname(Room& room, Occupant& occupant, core::Envelope envelope) {
    const Jid to = envelope.stanza->to();
    const Jid from = envelope.stanza->from();
    if (auto refused = refuse_change(room, occupant, from, to.resource()))
        return room.context().router().bounce(std::move(envelope), *refused);
    const News news{.codes = {status::nick_changed}, .new_nick = to.resource()};
    tell_unavailable(room, occupant, sessions_of(occupant), nullptr, news);
    room.occupants().rename(occupant, to);
    room.occupants().make_current(occupant, from, clean_presence(*envelope.stanza));
    room.keep(occupant);
    tell_available(room, occupant, {});
}

}  // namespace clarion::muc
