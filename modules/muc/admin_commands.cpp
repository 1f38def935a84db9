#include "modules/muc/admin_commands.h"

#include <boost/json/value.hpp>

#include <utility>

#include "modules/muc/admin_work.h"

namespace clarion::muc {

namespace {

using Kind = core::ArgumentKind;
using Use = core::ArgumentUse;

constexpr core::AdminArgument one_room{
    .name = "room", .kind = Kind::jid, .use = Use::required, .help = "the room's address"};
constexpr core::AdminArgument a_reason{
    .name = "reason", .kind = Kind::text, .help = "what those whom it concerns are told"};

constexpr core::AdminArgument limit_of(std::int64_t usual, std::int64_t most,
                                       std::string_view help) {
    return {.name = "limit", .kind = Kind::number, .help = help, .usual = usual, .most = most};
}

std::vector<core::AdminColumn> room_columns() {
    using enum core::ColumnKind;
    return {{"room", "room"},
            {"name", "name"},
            {"public", "public", mark},
            {"persistent", "persistent", mark},
            {"members_only", "members only", mark},
            {"moderated", "moderated", mark},
            {"archived", "archived", mark},
            {"creator", "creator"},
            {"created", "created"}};
}

std::vector<core::AdminCommand> looking() {
    return {{.name = "room list",
             .help = "rooms of a service",
             .arguments = {{.name = "domain",
                            .kind = Kind::domain,
                            .use = Use::required,
                            .help = "a service of rooms, such as rooms.example.org"},
                           limit_of(1000, 100000, "how many at most")},
             .columns = room_columns(),
             .none = "no rooms",
             .run = admin::list,
             .place = "domain"},
            {.name = "room show",
             .help = "one room: how it is configured, who is in it, and who is what to it",
             .arguments = {one_room},
             .run = admin::show,
             .place = "room"},
            {.name = "room history",
             .help = "what was said last in a room",
             .arguments = {one_room, limit_of(50, 1000, "how many messages")},
             .columns = {{"time", "time"}, {"nick", "nick"}, {"text", "text"}},
             .none = "nothing is kept",
             .run = admin::history,
             .place = "room"}};
}

std::vector<core::AdminCommand> acting() {
    return {{.name = "room create",
             .help = "make a room, configured as new rooms are, open at once and kept when empty",
             .arguments = {one_room,
                           {.name = "owner",
                            .kind = Kind::jid,
                            .use = Use::required,
                            .help = "the user who owns it"}},
             .run = admin::create,
             .place = "room"},
            {.name = "room destroy",
             .help = "destroy a room with all that is kept of it; occupants are told; asks at a "
                     "terminal",
             .arguments = {one_room, a_reason},
             .questions = {{"", "Destroy {room} with its archive, for good?"}},
             .run = admin::destroy,
             .place = "room"},
            {.name = "room config",
             .help = "how a room is configured; with an option and a value: change it",
             .arguments = {one_room,
                           {.name = "option",
                            .use = Use::optional,
                            .help = "as `room config` shows it, such as membersonly"},
                           {.name = "value", .use = Use::optional, .help = "such as 1"}},
             .run = admin::config,
             .place = "room"},
            {.name = "room affiliation",
             .help = "make somebody owner, admin, member, none or outcast of a room",
             .arguments = {one_room,
                           {.name = "address",
                            .kind = Kind::jid,
                            .use = Use::required,
                            .help = "a user, or a domain"},
                           {.name = "affiliation",
                            .use = Use::required,
                            .help = "owner, admin, member, none or outcast"},
                           a_reason},
             .run = admin::affiliation,
             .place = "room"},
            {.name = "room kick",
             .help = "remove an occupant from a room; it may enter again",
             .arguments = {one_room,
                           {.name = "nick", .use = Use::required, .help = "the nickname"},
                           a_reason},
             .run = admin::kick,
             .place = "room"}};
}

std::vector<core::AdminCommand> all_commands() {
    std::vector<core::AdminCommand> all = looking();
    for (core::AdminCommand& each : acting()) all.push_back(std::move(each));
    return all;
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{.name = "room", .help = "rooms", .commands = all_commands()};
    return area;
}

}  // namespace clarion::muc
