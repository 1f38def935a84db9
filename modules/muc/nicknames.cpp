#include "modules/muc/nicknames.h"

#include <memory>
#include <utility>

#include "modules/muc/announce.h"
#include "modules/muc/leaving.h"
#include "modules/muc/refusing.h"
#include "proto/nickname.h"
#include "server/core/context.h"

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

std::optional<Jid> held_address(const Room& room, const Jid& who) {
    if (!room.options().enforce_registered_nicknames) return std::nullopt;
    const std::string nick = room.affiliation_record(who).nick;
    if (nick.empty()) return std::nullopt;
    auto address = room.occupant_address(nick);
    if (!address) return std::nullopt;
    return std::move(*address);
}

void clear_nickname(Room& room, std::string_view nick, const Jid& who) {
    Occupant* const there = room.occupants().by_nick(nick);
    if (!there || there->user == who.bare()) return;
    remove_occupant(room, *there,
                    {.codes = {status::kicked}, .reason = "This nickname is reserved"});
}

namespace {

std::vector<Jid> sessions_of(const Occupant& occupant) {
    std::vector<Jid> sessions;
    for (const OccupantSession& each : occupant.sessions) sessions.push_back(each.jid);
    return sessions;
}

std::optional<StanzaError> refuse_change(const Room& room, const Jid& from, std::string_view nick) {
    if (auto refused = refuse_nickname(room, nick)) return refused;
    if (const auto held = held_address(room, from); held && held->resource() != nick)
        return StanzaError(Condition::not_acceptable, "you have registered another nickname");
    if (is_taken(room, nick, from)) return StanzaError(Condition::conflict);
    return std::nullopt;
}

/// All are told that its old address is gone, and which one is its own now. The caller tells of that.
void move_to(Room& room, Occupant& occupant, const Jid& address) {
    const News news{.codes = {status::nick_changed}, .new_nick = address.resource()};
    tell_unavailable(room, occupant, sessions_of(occupant), nullptr, news);
    room.occupants().rename(occupant, address);
}

/// A session leaves its occupant for another one of the same user. If it was the last one, the old
/// address is gone for all; otherwise for that session, and others see how it was with the rest.
void part(Room& room, Occupant& occupant, const Jid& session, std::string_view new_nick) {
    const News news{.codes = {status::nick_changed}, .new_nick = new_nick};
    if (occupant.sessions.size() == 1) {
        const std::unique_ptr<Occupant> gone = room.occupants().remove(occupant);
        return tell_unavailable(room, *gone, {session}, nullptr, news);
    }
    const bool was_current = occupant.current().jid == session;
    room.occupants().remove_session(occupant, session);
    auto gone = make_presence(
        {.about = occupant, .type = StanzaType::unavailable, .with_jids = true, .to_self = true},
        news);
    room.outbox().send(std::move(gone), {session});
    if (was_current) tell_available(room, occupant, {});
}

void join(Room& room, Occupant& occupant, Occupant& other, const Stanza& presence) {
    const Jid session = presence.from();
    part(room, occupant, session, other.nick());
    room.occupants().add_session(other, {session, clean_presence(presence)});
    room.keep(other, other.current());
}

}  // namespace

/// Under several nicknames it goes on with one; that of the others must enter anew, as Prosody has it.
void hold_to_nickname(Room& room, const Jid& who) {
    const auto held = held_address(room, who);
    if (!held) return;
    for (Occupant* const each : room.occupants().of(who.bare())) {
        if (each->address == *held) continue;
        const Occupant* const there = room.occupants().by_nick(held->resource());
        if (there && there != each) {
            remove_occupant(room, *each, {.codes = {status::kicked}});
            continue;
        }
        move_to(room, *each, *held);
        room.keep(*each);
        tell_available(room, *each, {.codes = {status::nick_assigned}});
    }
}

Occupant* change_nickname(Room& room, Occupant& occupant, const core::Envelope& envelope) {
    const Jid& to = envelope.stanza->to();
    const Jid& from = envelope.stanza->from();
    if (auto refused = refuse_change(room, from, to.resource())) {
        refuse_presence(room.context(), envelope, *refused);
        return nullptr;
    }
    Occupant* const there = room.occupants().by_nick(to.resource());
    if (there && there != &occupant) {
        join(room, occupant, *there, *envelope.stanza);
        return there;
    }
    move_to(room, occupant, to);
    room.occupants().make_current(occupant, from, clean_presence(*envelope.stanza));
    room.keep(occupant);
    return &occupant;
}

}  // namespace clarion::muc
