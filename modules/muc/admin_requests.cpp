#include "modules/muc/admin_requests.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "modules/muc/affairs.h"
#include "modules/muc/announce.h"
#include "modules/muc/nicknames.h"
#include "proto/nickname.h"
#include "proto/ns.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

Standing standing_of(const Room& room, const Jid& who) {
    const Occupant* const occupant = room.occupants().by_session(who);
    return {room.affiliation_of(who), occupant ? occupant->role : Role::none};
}

Cause cause_of(const Room& room, const Jid& actor, const AdminItem& item) {
    const Occupant* const occupant = room.occupants().by_session(actor);
    return {occupant ? std::string(occupant->nick()) : std::string(), item.reason};
}

// ---- Lists -------------------------------------------------------------------------------------

void add_listed(xml::Element& query, const AffiliationRecord& record) {
    xml::Element& item = query.add("item");
    item.set_attr("affiliation", name(record.affiliation)).set_attr("jid", record.address);
    if (!record.nick.empty()) item.set_attr("nick", record.nick);
    if (!record.reason.empty()) item.add_text_child("reason", record.reason);
}

void add_listed(xml::Element& query, const Occupant& occupant, bool with_jid) {
    xml::Element& item = query.add("item");
    item.set_attr("nick", occupant.nick());
    item.set_attr("role", name(occupant.role)).set_attr("affiliation", name(occupant.affiliation));
    if (with_jid) item.set_attr("jid", occupant.current().jid.full());
}

IqAnswer list_affiliated(const Room& room, const IqRequest& request, Affiliation wanted) {
    if (!may_list(room.config(), standing_of(room, request.from), wanted))
        return StanzaError(Condition::forbidden);
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::muc_admin);
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (each.affiliation == wanted) add_listed(query, each);
    });
    return result;
}

IqAnswer list_by_role(const Room& room, const IqRequest& request, Role wanted) {
    const Standing asker = standing_of(room, request.from);
    if (!may_list(asker, wanted)) return StanzaError(Condition::forbidden);
    const bool with_jids = room.config().who_is == WhoIs::anyone || asker.role == Role::moderator ||
                           asker.affiliation >= Affiliation::admin;
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::muc_admin);
    room.occupants().for_each([&](const Occupant& each) {
        if (each.role == wanted) add_listed(query, each, with_jids);
    });
    return result;
}

// ---- Changes -----------------------------------------------------------------------------------

Result<Jid> address_of(const Room& room, const AdminItem& item) {
    if (!item.jid.empty()) return item.jid;
    const Occupant* const occupant = room.occupants().by_nick(item.nick);
    if (!occupant) return fail("item-not-found", "nobody here has this nickname");
    return Jid::trusted(occupant->user);
}

/// Who is no member has no nickname reserved, whatever a client says that bans somebody.
bool reserves(const AdminItem& item) {
    return item.reserves_nick && *item.affiliation >= Affiliation::member;
}

/// Whether a nickname may be reserved for somebody: whoever is called that now is removed.
std::optional<StanzaError> refuse_reservation(const Room& room, Standing actor, AdminItem& item) {
    if (!reserves(item) || item.nick.empty()) return std::nullopt;
    if (auto refused = refuse_nickname(room, item.nick)) return refused;
    const auto address = room.occupant_address(item.nick);
    if (!address) return to_stanza_error(address.error());
    item.nick = address->resource();
    const auto reserved = room.store().reserved_for(room.owner(), item.nick);
    if (reserved && *reserved != item.jid.full()) return StanzaError(Condition::conflict);
    const Occupant* const there = room.occupants().by_nick(item.nick);
    if (!there || there->user == item.jid.full()) return std::nullopt;
    return refuse_role(actor, {there->affiliation, there->role}, Role::none);
}

/// `owners`: how many there will be, with the items before this one.
std::optional<StanzaError> refuse(const Room& room, const Jid& actor, AdminItem& item,
                                  std::size_t& owners) {
    const Standing standing = standing_of(room, actor);
    if (item.role) {
        const Occupant* const target = room.occupants().by_nick(item.nick);
        if (item.nick.empty() || !target) {
            // Who may do nothing is not told who is there.
            if (auto refused = refuse_role(standing, {}, Role::visitor)) return refused;
            return StanzaError(item.nick.empty() ? Condition::bad_request
                                                 : Condition::item_not_found);
        }
        return refuse_role(standing, {target->affiliation, target->role}, *item.role);
    }
    if (standing.affiliation < Affiliation::admin) return StanzaError(Condition::forbidden);
    auto address = address_of(room, item);
    if (!address) return to_stanza_error(address.error());
    item.jid = std::move(*address);
    const Affiliation before = room.affiliation_of(item.jid);
    const bool was_owner = before == Affiliation::owner;
    const bool is_owner = item.affiliation == Affiliation::owner;
    const AffiliationChange change{.from = before,
                                   .to = *item.affiliation,
                                   .of_actor = item.jid.full() == actor.bare(),
                                   .of_last_owner = was_owner && owners == 1};
    if (auto refused = refuse_affiliation(standing.affiliation, change)) return refused;
    if (auto refused = refuse_reservation(room, standing, item)) return refused;
    if (was_owner && !is_owner) --owners;
    if (is_owner && !was_owner) ++owners;
    return std::nullopt;
}

/// Whether two items want the same nickname.
bool contend(const std::vector<AdminItem>& items) {
    std::set<std::string> wanted;
    for (const AdminItem& item : items)
        if (item.affiliation && reserves(item) && !item.nick.empty() &&
            !wanted.insert(nickname_key(item.nick)).second)
            return true;
    return false;
}

std::vector<Listing> listed_anew(const std::vector<AdminItem>& items) {
    std::vector<Listing> listed;
    for (const AdminItem& item : items)
        if (item.affiliation) listed.push_back({item.jid, *item.affiliation});
    return listed;
}

/// Also if nothing changed: who asked for it sees what is so.
void tell_of_reservation(Room& room, const AdminItem& item, const Cause& cause) {
    for (const Occupant* each : room.occupants().of(item.jid.full()))
        tell_available(room, *each, {.actor_nick = cause.actor_nick, .reason = cause.reason});
}

Result<> affiliate(Room& room, const AdminItem& item, const Cause& cause) {
    const bool is_news = room.affiliation_of(item.jid) != *item.affiliation;
    if (!reserves(item)) return set_affiliation(room, item.jid, *item.affiliation, cause);
    clear_nickname(room, item.nick, item.jid);
    AffiliationRecord record = room.affiliation_record(item.jid);
    record.nick = item.nick;
    if (auto kept = room.put(record); !kept) return kept;
    if (auto set = set_affiliation(room, item.jid, *item.affiliation, cause); !set) return set;
    if (!is_news) tell_of_reservation(room, item, cause);
    hold_to_nickname(room, item.jid);
    return {};
}

Result<> apply(Room& room, const Jid& actor, const AdminItem& item) {
    const Cause cause = cause_of(room, actor, item);
    if (item.affiliation) return affiliate(room, item, cause);
    if (Occupant* const target = room.occupants().by_nick(item.nick))
        set_role(room, *target, *item.role, cause);
    return {};
}

}  // namespace

IqAnswer answer_lists(Room& room, const IqRequest& request) {
    const xml::Element* const item = request.payload().child(ns::muc_admin, "item");
    if (!item) return StanzaError(Condition::bad_request);
    if (const auto affiliation = parse_affiliation(item->attr("affiliation")))
        return list_affiliated(room, request, *affiliation);
    if (const auto role = parse_role(item->attr("role"))) return list_by_role(room, request, *role);
    return StanzaError(Condition::bad_request);
}

IqAnswer change_lists(Room& room, const IqRequest& request) {
    auto items = read_admin_items(request.payload());
    if (!items) return to_stanza_error(items.error());
    std::size_t owners = owners_of(room);
    for (AdminItem& item : *items)
        if (auto refused = refuse(room, request.from, item, owners)) return *refused;
    if (contend(*items)) return StanzaError(Condition::conflict);
    if (auto place = check_place(room, listed_anew(*items)); !place)
        return to_stanza_error(place.error());
    const Jid actor = request.from;
    for (const AdminItem& item : *items)
        if (auto done = apply(room, actor, item); !done) return to_stanza_error(done.error());
    return make_result(*request.stanza);
}

}  // namespace clarion::muc
