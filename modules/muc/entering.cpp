#include "modules/muc/entering.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "modules/muc/announce.h"
#include "modules/muc/haste.h"
#include "modules/muc/nicknames.h"
#include "modules/muc/refusing.h"
#include "modules/muc/room_vcard.h"
#include "proto/crypto.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/routing/refusal_log.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr Logger logger{"muc"};

bool needs_password(const RoomConfig& config, Affiliation affiliation) {
    return !config.password.empty() && affiliation != Affiliation::owner;
}

}  // namespace

std::optional<StanzaError> refuse_entry(const RoomRecord& room, const Applicant& applicant) {
    const RoomConfig& config = room.config;
    const bool runs_it = applicant.affiliation >= Affiliation::admin;
    if (applicant.affiliation == Affiliation::outcast) return StanzaError(Condition::forbidden);
    if (room.is_locked && applicant.affiliation != Affiliation::owner)
        return StanzaError(Condition::item_not_found, "the room is not ready yet");
    if (config.is_members_only && applicant.affiliation < Affiliation::member)
        return StanzaError(Condition::registration_required);
    if (needs_password(config, applicant.affiliation)) {
        // Not even the right one is told from a wrong one then.
        if (applicant.guesses && !applicant.password.empty())
            return StanzaError(Condition::policy_violation, StanzaErrorType::wait,
                               "too many wrong passwords");
        if (!crypto::constant_time_equal(config.password, applicant.password))
            return StanzaError(Condition::not_authorized);
    }
    if (applicant.nick_is_taken) return StanzaError(Condition::conflict);
    if (applicant.is_full && !runs_it)
        return StanzaError(Condition::service_unavailable, StanzaErrorType::wait,
                           "the room is full");
    if (applicant.is_hasty && !runs_it)
        return StanzaError(Condition::policy_violation, StanzaErrorType::wait,
                           "you enter too often");
    if (applicant.is_flooded && !runs_it)
        return StanzaError(Condition::policy_violation, StanzaErrorType::wait,
                           "too many enter at once");
    if (applicant.has_many_sessions) return StanzaError(Condition::resource_constraint);
    return std::nullopt;
}

namespace {

/// Whether somebody is of another server: they may have any number of addresses there.
bool is_foreign(const Room& room, const Jid& who) {
    return !room.context().domains().is_host(who.domain());
}

/// Wrong passwords are counted for each user, and for those of another server together, but for whom
/// the room knows: there are not many of them.
class Guesses {
public:
    Guesses(Room& room, const Jid& from, Affiliation affiliation)
        : room_(room),
          from_(from),
          with_server_(is_foreign(room, from) && affiliation == Affiliation::none) {}

    bool are_too_many() const {
        if (with_server_ && !of_server().has_room(rate(servers_), now_)) return true;
        return !of_user().has_room(rate(1), now_);
    }
    /// One more.
    void note() const {
        (void)of_user().allows(rate(1), now_);
        if (with_server_) (void)of_server().allows(rate(servers_), now_);
        if (!are_too_many()) return;
        const std::string_view peer = is_foreign(room_, from_) ? from_.domain() : from_.bare();
        room_.context().refusals().tell(logger, peer, "room-password-guessed",
                                        {{"room", room_.jid().bare()}, {"by", from_.full()}});
    }

private:
    static constexpr double servers_ = 10;  // a server has the guesses of so many users

    Rate rate(double users) const {
        const double in_a_minute = users * room_.options().wrong_passwords_per_minute;
        return {in_a_minute / 60, in_a_minute};
    }
    Flood& of_user() const { return room_.measures().of(from_.bare(), now_).passwords; }
    Flood& of_server() const { return room_.measures().of_domain(from_.domain(), now_).passwords; }

    Room& room_;
    const Jid& from_;
    bool with_server_;
    SteadyTime now_ = room_.context().clock().steady();
};

std::size_t sessions_of_user(const Room& room, std::string_view user) {
    std::size_t count = 0;
    for (const Occupant* each : room.occupants().of(user)) count += each->sessions.size();
    return count;
}

bool is_full(const Room& room) {
    auto most = static_cast<std::size_t>(room.options().max_occupants);
    if (room.config().max_users > 0) most = std::min<std::size_t>(most, room.config().max_users);
    return room.occupants().sessions() >= most;
}

Applicant applicant(Room& room, const Jid& from, std::string_view nick,
                    const EnterRequest& wanted) {
    const std::size_t own = sessions_of_user(room, from.bare());
    const Affiliation affiliation = room.affiliation_of(from);
    const bool is_asked = needs_password(room.config(), affiliation) && !wanted.password.empty();
    return {
        .affiliation = affiliation,
        .password = wanted.password,
        .guesses = is_asked && Guesses(room, from, affiliation).are_too_many(),
        .nick_is_taken = is_taken(room, nick, from),
        .is_full = is_full(room),
        .has_many_sessions = own >= static_cast<std::size_t>(room.options().max_sessions_of_user)};
}

/// One more enters: each user and each other server has so many first, so that nobody takes the
/// places of all others.
void count_entry(Room& room, const Jid& from, Applicant& who) {
    constexpr double at_once = 10;  // clients of one user come back together
    const MucOptions& options = room.options();
    const SteadyTime now = room.context().clock().steady();
    const double rate = options.joins_of_user_per_second;
    Measures& measures = room.measures();
    const auto of_server = [&] {
        return measures.of_domain(from.domain(), now)
            .entries.allows(options.joins_of_domain_per_second, now);
    };
    who.is_hasty = !measures.of(from.bare(), now).entries.allows({rate, at_once * rate}, now) ||
                   (is_foreign(room, from) && !of_server());
    who.is_flooded = !who.is_hasty && !room.joins().allows(options.joins_per_second, now);
}

// ---- What who enters is told -------------------------------------------------------------------

/// How somebody enters.
struct Entrance {
    const EnterRequest& wanted;
    Jid address;              // of the occupant
    bool is_renamed = false;  // it asked for another nickname
    bool is_new = false;      // it made the room
};

News welcome(const Room& room, const Entrance& entrance) {
    News news;
    if (room.config().who_is == WhoIs::anyone) news.own_codes.push_back(status::jids_are_public);
    if (room.config().is_archived) news.own_codes.push_back(status::logging_on);
    if (entrance.is_new) news.own_codes.push_back(status::room_created);
    if (entrance.is_renamed) news.own_codes.push_back(status::nick_assigned);
    return news;
}

void send_history(Room& room, const Jid& to, const HistoryRequest& wanted) {
    const auto most = std::min<std::size_t>(room.config().history,
                                            static_cast<std::size_t>(room.options().max_history));
    for (const Said& said : room.history().select(wanted, most, room.context().clock().wall())) {
        auto again = said.message->clone();
        add_delay(again->root(), room.jid().full(), format_datetime(said.time));
        room.outbox().send(std::move(again), {to});
    }
}

/// Said also if there is none, so that the client knows that this is the end of what was before.
void send_subject(Room& room, const Jid& to) {
    const Subject& subject = room.subject();
    if (!subject.message) {
        auto none = Stanza::make(StanzaKind::message, StanzaType::groupchat, room.jid(), {});
        none->root().add("subject");
        return room.outbox().send(std::move(none), {to});
    }
    auto again = subject.message->clone();
    add_delay(again->root(), room.jid().full(), format_datetime(subject.set));
    room.outbox().send(std::move(again), {to});
}

void send_picture(Room& room, const Jid& to) {
    const auto hashes = room.store().pictures(room.owner());
    if (!hashes.empty()) room.outbox().send(picture_presence(room, hashes.front()), {to});
}

void greet(Room& room, Occupant& occupant, const Jid& session, const Entrance& entrance) {
    send_picture(room, session);
    tell_occupants(room, occupant, session);
    tell_self(room, occupant, session, welcome(room, entrance));
    send_history(room, session, entrance.wanted.history);
    send_subject(room, session);
}

std::optional<StanzaError> refuse_size(const Room& room, const Stanza& presence) {
    const auto most = static_cast<std::size_t>(room.options().max_presence_bytes);
    if (presence.cost() <= most || xml::to_string(presence.root()).size() <= most)
        return std::nullopt;
    return StanzaError(Condition::not_acceptable, "the presence is too large");
}

/// Of an occupant, who is told what it is to others.
std::optional<StanzaError> refuse_update(Room& room, const Occupant& occupant,
                                         const Stanza& presence) {
    if (auto refused = refuse_size(room, presence)) return refused;
    if (allows_presence(room, occupant, room.context().clock().steady())) return std::nullopt;
    return StanzaError(Condition::policy_violation, StanzaErrorType::wait,
                       "your presence changes too often");
}

// ---- Becoming an occupant ----------------------------------------------------------------------

/// From a session that is in it already: to that session all is said anew, to others an update of
/// its presence at most.
void enter_again(Room& room, Occupant& occupant, const core::Envelope& envelope,
                 const Entrance& entrance) {
    const Jid& from = envelope.stanza->from();
    const StanzaPtr presence = clean_presence(*envelope.stanza);
    const bool changed = xml::to_string(presence->root()) !=
                         xml::to_string(occupant.session(from)->presence->root());
    room.occupants().make_current(occupant, from, presence);
    room.keep(occupant, occupant.current());
    greet(room, occupant, from, entrance);
    if (changed) tell_available(room, occupant, {}, from);
}

void enter_anew(Room& room, const core::Envelope& envelope, const Entrance& entrance) {
    const Jid& from = envelope.stanza->from();
    const Jid& address = entrance.address;
    OccupantSession session{from, clean_presence(*envelope.stanza)};
    Occupant* occupant = room.occupants().by_nick(address.resource());
    if (occupant) {
        room.occupants().add_session(*occupant, std::move(session));
    } else {
        Occupant made{.address = address,
                      .user = std::string(from.bare()),
                      .id = room.occupant_id(from.bare()),
                      .affiliation = room.affiliation_of(from)};
        made.role = default_role(room.config(), made.affiliation);
        occupant = &room.occupants().add(std::move(made));
        room.occupants().add_session(*occupant, std::move(session));
    }
    room.keep(*occupant, occupant->current());
    greet(room, *occupant, from, entrance);
    tell_available(room, *occupant, {}, from);
}

Entrance entrance_of(const Room& room, const Stanza& presence, const EnterRequest& wanted,
                     bool is_new) {
    auto held = held_address(room, presence.from());
    const bool is_renamed = held && *held != presence.to();
    return {wanted, is_renamed ? std::move(*held) : presence.to(), is_renamed, is_new};
}

/// From a session that is in it already, under whatever nickname: it is told all anew, for it may
/// not know any more that it is inside (17.3).
void enter_from_inside(Room& room, Occupant& occupant, const core::Envelope& envelope,
                       const Entrance& entrance) {
    const Jid& from = envelope.stanza->from();
    if (auto refused = refuse_update(room, occupant, *envelope.stanza))
        return refuse_presence(room.context(), envelope, *refused);
    if (occupant.address == entrance.address)
        return enter_again(room, occupant, envelope, entrance);
    Occupant* const renamed = change_nickname(room, occupant, envelope);
    if (!renamed) return;
    greet(room, *renamed, from, entrance);
    tell_available(room, *renamed, {}, from);
}

}  // namespace

void enter(Room& room, core::Envelope envelope, const EnterRequest& wanted, bool is_new) {
    const Jid& from = envelope.stanza->from();
    const Jid& to = envelope.stanza->to();
    if (to.is_bare())
        return refuse_presence(room.context(), envelope,
                               {Condition::jid_malformed, "a nickname is needed"});
    if (auto refused = refuse_nickname(room, to.resource()))
        return refuse_presence(room.context(), envelope, *refused);
    if (auto refused = refuse_size(room, *envelope.stanza))
        return refuse_presence(room.context(), envelope, *refused);
    const Entrance entrance = entrance_of(room, *envelope.stanza, wanted, is_new);
    if (Occupant* const already = room.occupants().by_session(from))
        return enter_from_inside(room, *already, envelope, entrance);
    Applicant who = applicant(room, from, entrance.address.resource(), wanted);
    auto refused = refuse_entry(room.record(), who);
    if (!refused) {
        // Only who gets that far is counted.
        count_entry(room, from, who);
        refused = refuse_entry(room.record(), who);
    }
    if (refused) {
        if (refused->condition == Condition::not_authorized && !wanted.password.empty())
            Guesses(room, from, who.affiliation).note();
        return refuse_presence(room.context(), envelope, *refused);
    }
    enter_anew(room, envelope, entrance);
}

void take_available(Room& room, core::Envelope envelope) {
    const Stanza& presence = *envelope.stanza;
    Occupant* const occupant = room.occupants().by_session(presence.from());
    if (!occupant)
        return refuse_presence(room.context(), envelope,
                               {Condition::item_not_found, "you are not in this room"});
    if (auto refused = refuse_update(room, *occupant, presence))
        return refuse_presence(room.context(), envelope, *refused);
    if (presence.to().is_full() && occupant->address != presence.to()) {
        const Occupant* const renamed = change_nickname(room, *occupant, envelope);
        if (renamed) tell_available(room, *renamed, {});
        return;
    }
    room.occupants().make_current(*occupant, presence.from(), clean_presence(presence));
    room.keep(*occupant, occupant->current());
    tell_available(room, *occupant, {});
}

}  // namespace clarion::muc
