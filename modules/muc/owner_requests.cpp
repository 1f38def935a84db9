#include "modules/muc/owner_requests.h"

#include <algorithm>
#include <utility>

#include "modules/muc/affairs.h"
#include "modules/muc/announce.h"
#include "modules/muc/leaving.h"
#include "modules/muc/room_form.h"
#include "proto/ns.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

RoomStaff staff_of(const Room& room) {
    RoomStaff staff;
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        if (each.affiliation == Affiliation::admin) staff.admins.push_back(each.address);
        if (each.affiliation == Affiliation::owner) staff.owners.push_back(each.address);
    });
    return staff;
}

bool contains(const std::vector<std::string>& all, const std::string& address) {
    return std::find(all.begin(), all.end(), address) != all.end();
}

Result<> grant(Room& room, const std::vector<std::string>& addresses, Affiliation affiliation) {
    for (const std::string& address : addresses) {
        if (room.affiliation_of(Jid::trusted(address)) == affiliation) continue;
        auto set = set_affiliation(room, Jid::trusted(address), affiliation, {});
        if (!set) return set;
    }
    return {};
}

/// From those who are not in the new list and still have it.
Result<> revoke(Room& room, const std::vector<std::string>& before,
                const std::vector<std::string>& after, Affiliation affiliation) {
    for (const std::string& address : before) {
        if (contains(after, address)) continue;
        if (room.affiliation_of(Jid::trusted(address)) != affiliation) continue;
        auto set = set_affiliation(room, Jid::trusted(address), Affiliation::none, {});
        if (!set) return set;
    }
    return {};
}

std::vector<Listing> staff_in(const ConfigRead& read) {
    std::vector<Listing> all;
    if (read.owners)
        for (const std::string& each : *read.owners)
            all.push_back({Jid::trusted(each), Affiliation::owner});
    if (read.admins)
        for (const std::string& each : *read.admins)
            all.push_back({Jid::trusted(each), Affiliation::admin});
    return all;
}

/// Whoever goes from one list to the other is never without affiliation meanwhile, which would
/// remove it from a room of members.
Result<> set_staff(Room& room, const ConfigRead& read) {
    const RoomStaff before = staff_of(room);
    const std::vector<std::string>& owners = read.owners ? *read.owners : before.owners;
    std::vector<std::string> admins;  // who is an owner is not less
    for (const std::string& each : read.admins ? *read.admins : before.admins)
        if (!contains(owners, each)) admins.push_back(each);
    if (auto set = grant(room, owners, Affiliation::owner); !set) return set;
    if (auto set = grant(room, admins, Affiliation::admin); !set) return set;
    if (auto set = revoke(room, before.owners, owners, Affiliation::owner); !set) return set;
    return revoke(room, before.admins, admins, Affiliation::admin);
}

OwnerAnswer refuse(const StanzaError& error) { return {.answer = error}; }

OwnerAnswer destroy(Room& room, const IqRequest& request, const xml::Element& destroy) {
    const auto destruction = read_destruction(destroy);
    if (!destruction) return refuse(to_stanza_error(destruction.error()));
    tell_of_end(room, *destruction);
    return {make_result(*request.stanza), Fate::ends};
}

/// A room that was never configured is not wanted.
OwnerAnswer cancel(Room& room, const IqRequest& request) {
    if (!room.record().is_locked) return {.answer = make_result(*request.stanza)};
    tell_of_end(room, {});
    return {make_result(*request.stanza), Fate::ends};
}

}  // namespace

IqAnswer answer_config(Room& room, const IqRequest& request) {
    if (room.affiliation_of(request.from) != Affiliation::owner)
        return StanzaError(Condition::forbidden);
    auto result = make_result(*request.stanza);
    add_config_form(result->root().add("query", ns::muc_owner), room.config(), staff_of(room));
    return result;
}

OwnerAnswer take_owner_request(Room& room, const IqRequest& request) {
    if (room.affiliation_of(request.from) != Affiliation::owner)
        return refuse(Condition::forbidden);
    const xml::Element& query = request.payload();
    if (const xml::Element* end = query.child(ns::muc_owner, "destroy"))
        return destroy(room, request, *end);
    const xml::Element* const x = query.child(ns::data_forms, "x");
    if (!x) return refuse(Condition::bad_request);
    const auto form = DataForm::from_element(*x);
    if (!form) return refuse(to_stanza_error(form.error()));
    if (form->type == "cancel") return cancel(room, request);
    // A form without fields says that the room is fine as it is, so it may have no type either.
    const bool is_ours = form->form_type().empty() || form->form_type() == ns::muc_roomconfig;
    if (form->type != "submit" || !is_ours) return refuse(Condition::bad_request);
    if (auto done = configure(room, *form); !done) return refuse(to_stanza_error(done.error()));
    return {.answer = make_result(*request.stanza)};
}

Result<> configure(Room& room, const DataForm& form) {
    auto read = read_config(form, room.config(), room.options());
    if (!read) return read.error();
    if (auto place = check_place(room, staff_in(*read)); !place) return place;
    const RoomConfig before = room.config();
    RoomRecord record = room.record();
    record.config = read->config;
    record.is_locked = false;
    if (auto kept = room.set_record(std::move(record)); !kept) return kept;
    if (auto set = set_staff(room, *read); !set) return set;
    if (room.config().is_members_only && !before.is_members_only) remove_non_members(room);
    tell_of_broadcast(room, before.presence_broadcast);
    tell_codes(room, codes_of_change(before, room.config()));
    return {};
}

void tell_of_end(Room& room, const Destruction& destruction) {
    std::vector<Occupant*> all;
    room.occupants().for_each([&](Occupant& each) { all.push_back(&each); });
    // Nobody needs to be told of anybody else.
    for (Occupant* each : all) {
        std::vector<Jid> sessions;
        for (const OccupantSession& session : each->sessions) sessions.push_back(session.jid);
        each->affiliation = Affiliation::none;
        const Telling telling{.about = *each, .type = StanzaType::unavailable, .to_self = true};
        room.outbox().send(make_presence(telling, {.destroyed = &destruction}),
                           std::move(sessions));
    }
    for (Occupant* each : all) (void)room.occupants().remove(*each);
}

}  // namespace clarion::muc
