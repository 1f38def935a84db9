#include "modules/muc/affairs.h"

#include <set>
#include <utility>
#include <vector>

#include "modules/muc/announce.h"
#include "modules/muc/leaving.h"
#include "proto/ns.h"

namespace clarion::muc {

namespace {

News news_of(const Cause& cause) {
    return {.actor_nick = cause.actor_nick, .reason = cause.reason};
}

std::vector<Occupant*> occupants_at(const Room& room, const Jid& who) {
    if (who.has_local()) return room.occupants().of(who.bare());
    std::vector<Occupant*> found;
    room.occupants().for_each([&](Occupant& each) {
        if (Jid::trusted(each.user).domain() == who.domain()) found.push_back(&each);
    });
    return found;
}

/// Why somebody with this affiliation may not be in the room; 0: it may.
int reason_to_remove(const Room& room, Affiliation affiliation) {
    if (affiliation == Affiliation::outcast) return status::banned;
    if (room.config().is_members_only && affiliation < Affiliation::member)
        return status::lost_affiliation;
    return 0;
}

void apply(Room& room, Occupant& occupant, Affiliation affiliation, const Cause& cause) {
    if (occupant.affiliation == affiliation) return;
    occupant.affiliation = affiliation;
    News news = news_of(cause);
    if (const int code = reason_to_remove(room, affiliation)) {
        news.codes.push_back(code);
        return remove_occupant(room, occupant, news);
    }
    const Role usual = default_role(room.config(), affiliation);
    const bool had_more = occupant.role == Role::moderator && usual < Role::moderator;
    const Role before = occupant.role;
    // A moderator may have lowered it; what the user does does not raise it.
    const bool is_raised = usual > occupant.role && !cause.is_by_user;
    if (is_raised || had_more) occupant.role = usual;
    room.keep(occupant);
    tell_role(room, occupant, before, news);
}

/// Who is not in the room: those who may see addresses are told.
void tell_of_absent(Room& room, const Jid& who, Affiliation affiliation, const Cause& cause) {
    auto message = Stanza::make(StanzaKind::message, StanzaType::normal, room.jid(), {});
    add_item(message->root().add("x", ns::muc_user), {.affiliation = affiliation,
                                                      .jid = who.full(),
                                                      .actor_nick = cause.actor_nick,
                                                      .reason = cause.reason});
    room.outbox().send(std::move(message), room.occupants().sessions_of([&](const Occupant& each) {
        return room.shows_jids_to(each);
    }));
}

std::size_t affiliations_of(const Room& room) {
    std::size_t count = 0;
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord&) { ++count; });
    return count;
}

}  // namespace

void set_role(Room& room, Occupant& occupant, Role role, const Cause& cause) {
    if (occupant.role == role) return;
    News news = news_of(cause);
    if (role == Role::none) {
        news.codes.push_back(status::kicked);
        return remove_occupant(room, occupant, news);
    }
    const Role before = std::exchange(occupant.role, role);
    room.keep(occupant);
    tell_role(room, occupant, before, news);
}

Result<> set_affiliation(Room& room, const Jid& who, Affiliation affiliation, const Cause& cause) {
    auto own = room.store().affiliation(room.owner(), who.full());
    if (affiliation != Affiliation::none)
        if (auto place = check_place(room, {who}); !place) return place;
    AffiliationRecord record = own ? std::move(*own) : AffiliationRecord{who.full()};
    const bool changed = std::exchange(record.affiliation, affiliation) != affiliation;
    record.reason = cause.reason;
    // Nobody but a member has a nickname reserved (9.1 and 9.4).
    if (affiliation < Affiliation::member) record.nick.clear();
    if (auto kept = room.put(record); !kept) return kept;
    const auto there = occupants_at(room, who);
    for (Occupant* each : there)
        apply(room, *each, room.affiliation_of(each->current().jid), cause);
    if (there.empty() && changed) tell_of_absent(room, who, affiliation, cause);
    return {};
}

Result<> check_place(const Room& room, const std::vector<Jid>& wanted) {
    std::set<std::string_view> added;
    for (const Jid& each : wanted)
        if (!room.store().affiliation(room.owner(), each.full())) added.insert(each.full());
    const auto most = static_cast<std::size_t>(room.options().max_affiliations);
    if (added.empty() || affiliations_of(room) + added.size() <= most) return {};
    return fail("resource-constraint", "the room has too many members");
}

void remove_non_members(Room& room) {
    std::vector<Occupant*> leaving;
    room.occupants().for_each([&](Occupant& each) {
        if (each.affiliation < Affiliation::member) leaving.push_back(&each);
    });
    for (Occupant* each : leaving) remove_occupant(room, *each, {.codes = {status::members_only}});
}

std::size_t owners_of(const Room& room) {
    std::size_t owners = 0;
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (each.affiliation == Affiliation::owner) ++owners;
    });
    return owners;
}

}  // namespace clarion::muc
