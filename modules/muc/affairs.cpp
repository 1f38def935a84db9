#include "modules/muc/affairs.h"

#include <set>
#include <utility>
#include <vector>

#include "modules/muc/announce.h"
#include "modules/muc/leaving.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"

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

/// Whom those who run the room have named, but for outcasts.
bool is_named(const AffiliationRecord& record) {
    return record.affiliation >= Affiliation::member && !record.is_by_user;
}

bool is_outcast(const AffiliationRecord& record) {
    return record.affiliation == Affiliation::outcast;
}

/// How many there will be if these are added to those of whom `counts` is true.
std::size_t listed_with(const Room& room, const std::set<std::string_view>& added,
                        bool (*counts)(const AffiliationRecord&)) {
    std::size_t count = added.size();
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (counts(each) && !added.contains(each.address)) ++count;
    });
    return count;
}

/// The addresses among them that are not of that kind yet.
std::set<std::string_view> not_yet(const Room& room, const std::vector<Listing>& wanted,
                                   bool outcasts, bool (*counts)(const AffiliationRecord&)) {
    std::set<std::string_view> added;
    for (const Listing& each : wanted) {
        if (each.affiliation == Affiliation::none) continue;
        if ((each.affiliation == Affiliation::outcast) != outcasts) continue;
        const auto own = room.store().affiliation(room.owner(), each.who.full());
        if (!own || !counts(*own)) added.insert(each.who.full());
    }
    return added;
}

/// What a registration takes of what a room can keep in memory, roughly: its record and that of its
/// nickname, each of which has both.
std::size_t size_of_registration(std::string_view address, std::string_view nick) {
    constexpr std::size_t rest = 64;
    return 2 * (address.size() + nick.size()) + rest;
}

/// The users of a domain that is banned, or no member any more, are no members by having registered.
void remove_registered(Room& room, std::string_view domain) {
    std::vector<std::string> registered;
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (each.is_by_user && Jid::trusted(each.address).domain() == domain)
            registered.push_back(each.address);
    });
    // One of no affiliation and without a nickname can always be kept: it is not.
    for (std::string& each : registered) (void)room.put(AffiliationRecord{std::move(each)});
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
    if (affiliation != Affiliation::none && !cause.is_by_user)
        if (auto place = check_place(room, {{who, affiliation}}); !place) return place;
    AffiliationRecord record = own ? std::move(*own) : AffiliationRecord{who.full()};
    const bool changed = std::exchange(record.affiliation, affiliation) != affiliation;
    record.reason = cause.reason;
    record.is_by_user = cause.is_by_user && affiliation == Affiliation::member;
    // Nobody but a member has a nickname reserved (9.1 and 9.4).
    if (affiliation < Affiliation::member) record.nick.clear();
    if (auto kept = room.put(record); !kept) return kept;
    if (affiliation < Affiliation::member && !who.has_local())
        remove_registered(room, who.domain());
    const auto there = occupants_at(room, who);
    for (Occupant* each : there)
        apply(room, *each, room.affiliation_of(each->current().jid), cause);
    if (there.empty() && changed) tell_of_absent(room, who, affiliation, cause);
    return {};
}

Result<> check_place(const Room& room, const std::vector<Listing>& wanted) {
    const auto named = not_yet(room, wanted, false, is_named);
    const auto most = static_cast<std::size_t>(room.options().max_affiliations);
    if (!named.empty() && listed_with(room, named, is_named) > most)
        return fail("resource-constraint", "the room has too many members");
    const auto outcasts = not_yet(room, wanted, true, is_outcast);
    const auto most_outcasts = static_cast<std::size_t>(room.options().max_outcasts);
    if (!outcasts.empty() && listed_with(room, outcasts, is_outcast) > most_outcasts)
        return fail("resource-constraint", "the room has banned too many");
    return {};
}

/// Users of this server and strangers are counted by themselves, so that these leave place for those.
Result<> check_registration(const Room& room, const Jid& who, std::string_view nick) {
    const MucOptions& options = room.options();
    const core::Domains& domains = room.context().domains();
    const bool is_local = domains.is_host(who.domain());
    std::size_t count = 1, of_domain = 1;
    std::size_t bytes = size_of_registration(who.full(), nick);
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (!each.is_by_user || each.address == who.full()) return;
        const Jid address = Jid::trusted(each.address);
        const std::string_view domain = address.domain();
        if (domains.is_host(domain) != is_local) return;
        ++count;
        if (domain == who.domain()) ++of_domain;
        bytes += size_of_registration(each.address, each.nick);
    });
    const bool is_full = count > static_cast<std::size_t>(options.max_registrations) ||
                         bytes > static_cast<std::size_t>(options.max_registration_bytes);
    if (is_full) return fail("resource-constraint", "too many have registered with the room");
    if (!is_local && of_domain > static_cast<std::size_t>(options.max_registrations_of_domain))
        return fail("resource-constraint", "too many of your server have registered");
    return {};
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
