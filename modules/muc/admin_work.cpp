#include "modules/muc/admin_work.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "modules/muc/affairs.h"
#include "modules/muc/owner_requests.h"
#include "modules/muc/room_option.h"
#include "modules/muc/room_walk.h"
#include "modules/muc/rooms.h"
#include "modules/muc/services.h"
#include "proto/ns.h"
#include "server/core/address/domains.h"
#include "server/core/setup/admin_command.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/archive.h"
#include "storage/storage.h"

namespace clarion::muc::admin {

using core::text;

namespace {

constexpr Logger logger{"muc"};

/// What is done where the room is at home.
using Work = std::function<Task<Result<json::value>>(Rooms& rooms, Room& room)>;

Result<Jid> room_argument(const core::Domains& domains, const json::object& arguments) {
    auto room = Jid::parse(text(arguments, "room"));
    if (!room) return fail(error_code::usage, "room: " + room.error().text);
    if (!room->has_local() || domains.module_of(room->domain()) != "muc")
        return fail(error_code::item_not_found, room->full() + " is at no service of rooms");
    return room->to_bare();
}

Rooms* rooms_here(Context& home, std::string_view domain) {
    RoomsSought sought{domain};
    home.bus().fire(sought);
    return sought.found;
}

Task<Result<json::value>> work_here(Context& home, Jid address, const Work& work) {
    Rooms* const rooms = rooms_here(home, address.domain());
    if (!rooms) co_return fail(error_code::item_not_found, "rooms are switched off");
    std::string bare = address.full();
    const auto room = co_await rooms->load(std::move(bare));
    if (!room) co_return room.error();
    co_return co_await work(*rooms, **room);
}

/// At the home of the room that is named. `work` outlives it.
Task<Result<json::value>> at_room(Context& here, const json::object& arguments, const Work& work) {
    const auto room = room_argument(here.domains(), arguments);
    if (!room) co_return room.error();
    const Jid address = *room;
    co_return co_await core::ask_at_home<json::value>(
        here, address.full(), [&](Context& home) { return work_here(home, address, work); });
}

Task<Result<json::value>> durable(Context& home, json::value answer) {
    const Result<> committed = co_await home.shard().committed();
    if (!committed) co_return committed.error();
    co_return answer;
}

// ---- list --------------------------------------------------------------------------------------

json::object row_of(const std::string& address, const RoomRecord& record) {
    const RoomConfig& config = record.config;
    return {{"room", address},
            {"name", config.name},
            {"public", config.is_public},
            {"persistent", config.is_persistent},
            {"members_only", config.is_members_only},
            {"moderated", config.is_moderated},
            {"archived", config.is_archived},
            {"creator", record.creator},
            {"created", format_datetime(record.created)}};
}

Task<Result<json::value>> list_of(const Rooms& rooms, std::size_t most) {
    json::array all;
    RoomWalk walk(rooms);
    while (all.size() < most) {
        const auto room = co_await walk.next();
        if (!room) co_return room.error();
        if (!*room) break;
        all.emplace_back(row_of((*room)->address, (*room)->record));
    }
    co_return json::value(std::move(all));
}

}  // namespace

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto domain = prepare_domain(text(arguments, "domain"));
    if (!domain) co_return fail(error_code::usage, "domain: " + domain.error().text);
    const Rooms* const rooms = rooms_here(here, *domain);
    if (!rooms) co_return fail(error_code::item_not_found, *domain + " is no service of rooms");
    const auto* limit = arguments.if_contains("limit");
    const auto most = limit && limit->is_int64() ? limit->as_int64() : 1000;
    co_return co_await list_of(*rooms, static_cast<std::size_t>(most));
}

namespace {

// ---- show --------------------------------------------------------------------------------------

json::array occupants_of(const Room& room) {
    json::array all;
    room.occupants().for_each([&](const Occupant& each) {
        for (const OccupantSession& session : each.sessions)
            all.emplace_back(json::object{{"nick", each.nick()},
                                          {"session", session.jid.full()},
                                          {"role", name(each.role)},
                                          {"affiliation", name(each.affiliation)}});
    });
    return all;
}

json::array affiliations_of(const Room& room) {
    json::array all;
    room.store().for_each_affiliation(room.owner(), [&](const AffiliationRecord& each) {
        all.emplace_back(json::object{{"address", each.address},
                                      {"affiliation", name(each.affiliation)},
                                      {"nick", each.nick},
                                      {"reason", each.reason}});
    });
    return all;
}

Task<Result<json::value>> show_one(Rooms&, Room& room) {
    json::object row = row_of(room.jid().full(), room.record());
    row["description"] = room.config().description;
    row["locked"] = room.record().is_locked;
    row["password"] = !room.config().password.empty();
    row["sessions"] = room.occupants().sessions();
    row["occupants"] = occupants_of(room);
    row["affiliations"] = affiliations_of(room);
    co_return json::value(std::move(row));
}

}  // namespace

Task<Result<json::value>> show(Context& here, const json::object& arguments) {
    const Work there = show_one;
    co_return co_await at_room(here, arguments, there);
}

namespace {

// ---- create, destroy ---------------------------------------------------------------------------

/// Whether somebody can be meant by an address at a domain of ours: who got that name later would be
/// the owner of the room. Elsewhere nobody can be asked.
Task<Result<>> check_exists(Context& here, Jid who) {
    if (!here.domains().is_host(who.domain())) co_return Result<>{};
    std::string name(who.bare());
    const auto record = co_await here.storage().accounts().find(std::move(name));
    if (!record) co_return record.error();
    if (record->has_value()) co_return Result<>{};
    co_return fail(error_code::item_not_found, who.full() + " does not exist");
}

Task<Result<json::value>> create_at_home(Context& home, Jid address, Jid owner) {
    Rooms* const rooms = rooms_here(home, address.domain());
    if (!rooms) co_return fail(error_code::item_not_found, "rooms are switched off");
    std::string bare = address.full();
    const Result<> made = co_await rooms->create(std::move(bare), std::move(owner));
    if (!made) co_return made.error();
    co_return json::value{{"created", address.full()}};
}

}  // namespace

Task<Result<json::value>> create(Context& here, const json::object& arguments) {
    const auto room = room_argument(here.domains(), arguments);
    if (!room) co_return room.error();
    const auto owner = Jid::parse(text(arguments, "owner"));
    if (!owner || !owner->has_local())
        co_return fail(error_code::usage, "owner: the address of a user is needed");
    const Jid address = *room;
    const Jid bare = owner->to_bare();
    const Result<> exists = co_await check_exists(here, bare);
    if (!exists) co_return exists.error();
    co_return co_await core::ask_at_home<json::value>(
        here, address.full(), [&](Context& home) { return create_at_home(home, address, bare); });
}

namespace {

Task<Result<json::value>> destroy_one(Rooms& rooms, Room& room, Destruction destruction) {
    Context& home = room.context();
    json::value answer{{"destroyed", room.jid().full()}};
    tell_of_end(room, destruction);
    rooms.destroy(room);
    co_return co_await durable(home, std::move(answer));
}

}  // namespace

Task<Result<json::value>> destroy(Context& here, const json::object& arguments) {
    const std::string reason(text(arguments, "reason"));
    const Work there = [&reason](Rooms& rooms, Room& room) {
        Destruction destruction{.reason = reason};
        return destroy_one(rooms, room, std::move(destruction));
    };
    co_return co_await at_room(here, arguments, there);
}

namespace {

// ---- config ------------------------------------------------------------------------------------

/// Without a value the option is shown, and all of them if none is named.
Task<Result<json::value>> configure_one(Rooms& rooms, Room& room, std::string option,
                                        std::optional<std::string> value) {
    const bool is_known =
        option.empty() || options_of(room).contains(option) || (option == "roomsecret" && value);
    if (!is_known) co_return fail(error_code::usage, "a room has no option " + option);
    if (!option.empty() && value) {
        const Result<> done = change_option(room, option, std::move(*value));
        if (!done) co_return done.error();
        logger.info("configured", {{"room", room.jid().full()}, {"option", option}});
    }
    json::value answer(options_of(room));
    if (!option.empty() && !value) answer = json::object{{option, answer.get_object().at(option)}};
    Context& home = room.context();
    rooms.destroy_if_over(room);
    co_return co_await durable(home, std::move(answer));
}

}  // namespace

Task<Result<json::value>> config(Context& here, const json::object& arguments) {
    const std::string option = option_typed(text(arguments, "option"));
    // An empty value is one, for it erases what was there.
    std::optional<std::string> value;
    if (arguments.contains("value")) value = text(arguments, "value");
    const Work there = [&](Rooms& rooms, Room& room) {
        return configure_one(rooms, room, option, value);
    };
    co_return co_await at_room(here, arguments, there);
}

namespace {

// ---- affiliation, kick -------------------------------------------------------------------------

Task<Result<json::value>> affiliate(Rooms& rooms, Room& room, Jid who, Affiliation affiliation,
                                    std::string reason) {
    const bool was_owner = room.affiliation_of(who) == Affiliation::owner;
    if (was_owner && affiliation != Affiliation::owner && owners_of(room) == 1)
        co_return fail(error_code::conflict, "the room would have no owner left");
    const Cause cause{.reason = std::move(reason)};
    const Result<> set = set_affiliation(room, who, affiliation, cause);
    if (!set) co_return set.error();
    json::value answer{{"address", who.full()}, {"affiliation", name(affiliation)}};
    Context& home = room.context();
    rooms.destroy_if_over(room);
    co_return co_await durable(home, std::move(answer));
}

}  // namespace

Task<Result<json::value>> affiliation(Context& here, const json::object& arguments) {
    const auto who = Jid::parse(text(arguments, "address"));
    const auto wanted = parse_affiliation(text(arguments, "affiliation"));
    if (!who) co_return fail(error_code::usage, "address: " + who.error().text);
    if (!wanted)
        co_return fail(error_code::usage, "affiliation: owner, admin, member, none or outcast");
    const Jid bare = who->to_bare();
    // "romeo" is a domain to an address, and hardly to who types it.
    if (!bare.has_local() && bare.domain().find('.') == std::string_view::npos &&
        !here.domains().is_ours(bare.domain()))
        co_return fail(error_code::usage, "address: " + bare.full() +
                                              " is a domain; expected somebody, such as " +
                                              bare.full() + "@" + here.domains().hosts().front());
    const std::string reason(text(arguments, "reason"));
    const Affiliation affiliation = *wanted;
    const Work there = [&](Rooms& rooms, Room& room) {
        return affiliate(rooms, room, bare, affiliation, reason);
    };
    co_return co_await at_room(here, arguments, there);
}

namespace {

Task<Result<json::value>> kick_one(Rooms& rooms, Room& room, std::string nick, std::string reason) {
    Occupant* const occupant = room.occupants().by_nick(nick);
    if (!occupant) co_return fail(error_code::item_not_found, "nobody there is called " + nick);
    const Cause cause{.reason = std::move(reason)};
    set_role(room, *occupant, Role::none, cause);
    json::value answer{{"kicked", nick}};
    Context& home = room.context();
    rooms.destroy_if_over(room);
    co_return co_await durable(home, std::move(answer));
}

}  // namespace

Task<Result<json::value>> kick(Context& here, const json::object& arguments) {
    const std::string nick(text(arguments, "nick"));
    const std::string reason(text(arguments, "reason"));
    const Work there = [&](Rooms& rooms, Room& room) {
        return kick_one(rooms, room, nick, reason);
    };
    co_return co_await at_room(here, arguments, there);
}

namespace {

// ---- history -----------------------------------------------------------------------------------

Task<Result<json::value>> history_of(Room& room, std::size_t limit) {
    storage::ArchiveQuery query;
    query.owner = room.id();
    query.from_end = true;
    query.limit = limit;
    auto page = co_await room.context().storage().archive().query(std::move(query));
    if (!page) co_return page.error();
    json::array all;
    for (const storage::ArchivedMessage& message : page->messages) {
        xml::Document document = xml::parse_element(message.xml, ns::client);
        if (document.empty()) continue;
        const auto stanza = Stanza::from_stored(std::move(document));
        if (!stanza) continue;
        all.emplace_back(json::object{{"time", format_datetime(message.time)},
                                      {"nick", (*stanza)->from().resource()},
                                      {"text", (*stanza)->body()}});
    }
    co_return json::value(std::move(all));
}

}  // namespace

Task<Result<json::value>> history(Context& here, const json::object& arguments) {
    const auto* limit = arguments.if_contains("limit");
    const auto most = static_cast<std::size_t>(limit && limit->is_int64() ? limit->as_int64() : 50);
    const Work there = [most](Rooms&, Room& room) { return history_of(room, most); };
    co_return co_await at_room(here, arguments, there);
}

}  // namespace clarion::muc::admin
