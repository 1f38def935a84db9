#include "modules/muc/leaving.h"

#include <memory>
#include <utility>

#include "base/log.h"

namespace clarion::muc {

namespace {

constexpr Logger logger{"muc"};

void remove_last_session(Room& room, Occupant& occupant, const Jid& session, const Stanza* source,
                         const News& news) {
    const std::unique_ptr<Occupant> gone = room.occupants().remove(occupant);
    tell_unavailable(room, *gone, {session}, source, news);
}

std::vector<Jid> sessions_at(const Room& room, std::string_view domain) {
    std::vector<Jid> all = room.occupants().sessions_of(
        [&](const Occupant& each) { return Jid::trusted(each.user).domain() == domain; });
    return all;
}

}  // namespace

void take_unavailable(Room& room, const Stanza& presence) {
    Occupant* const occupant = room.occupants().by_session(presence.from());
    if (!occupant) return;
    const StanzaPtr clean = clean_presence(presence);
    remove_session(room, *occupant, presence.from(), clean.get(), {});
}

/// Of several sessions of an occupant the others go on: they show it as it was with them.
void remove_session(Room& room, Occupant& occupant, const Jid& session, const Stanza* source,
                    const News& news) {
    const Jid leaving = session;  // it may be the occupant's own
    room.forget(leaving);
    if (occupant.sessions.size() == 1)
        return remove_last_session(room, occupant, leaving, source, news);
    const bool was_current = occupant.current().jid == leaving;
    room.occupants().remove_session(occupant, leaving);
    auto unavailable = make_presence(
        {.about = occupant, .type = StanzaType::unavailable, .source = source, .to_self = true},
        news);
    room.outbox().send(std::move(unavailable), {leaving});
    if (was_current) tell_available(room, occupant, {});
}

void remove_occupant(Room& room, Occupant& occupant, const News& news) {
    std::vector<Jid> sessions;
    for (const OccupantSession& each : occupant.sessions) {
        room.forget(each.jid);
        sessions.push_back(each.jid);
    }
    const std::unique_ptr<Occupant> gone = room.occupants().remove(occupant);
    tell_unavailable(room, *gone, sessions, nullptr, news);
}

bool ends_session(const StanzaError& error) {
    using enum StanzaErrorCondition;
    switch (error.condition) {
        case gone:
        case item_not_found:
        case recipient_unavailable:
        case redirect:
        case remote_server_not_found:
        case remote_server_timeout:
        case jid_malformed: return true;
        default: return false;
    }
}

void take_error(Room& room, const Stanza& error, bool local) {
    const StanzaError why = read_error(error.root());
    if (!ends_session(why) || !room.occupants().by_session(error.from())) return;
    logger.info("unreachable-occupant", {{"room", room.jid().full()},
                                         {"session", error.from().full()},
                                         {"error", name(why.condition)}});
    const std::string domain(error.from().domain());
    const auto leaving = local ? sessions_at(room, domain) : std::vector<Jid>{error.from()};
    const News news{.codes = {status::kicked, status::error_kick}, .reason = why.text};
    for (const Jid& session : leaving)
        if (Occupant* const occupant = room.occupants().by_session(session))
            remove_session(room, *occupant, session, nullptr, news);
}

bool is_over(const Room& room) { return room.occupants().empty() && !room.config().is_persistent; }

}  // namespace clarion::muc
