// user add, passwd, delete, disable, enable, admin: what changes one account. The other commands of
// the area are in files of their own.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/rows.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/administrators.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"

namespace clarion::administration {

namespace json = boost::json;
using core::AdminAsker;
using core::Context;
using core::text;

namespace {

/// A change of one account, and what is so once it is made.
struct Change {
    Task<Result<>> (*make)(Context&, Jid, std::string);
    std::string_view now;
};

/// Runs a change of one account on its home shard.
Task<Result<json::value>> change(Context& here, const json::object& arguments, Change what) {
    auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string password(text(arguments, "password"));
    const auto result = co_await core::ask_at_home<void>(
        here, std::string(jid->bare()),
        [&](Context& home) { return what.make(home, *jid, password); });
    if (!result) {
        Error error = result.error();
        error.text = jid->full() + ": " + (error.text.empty() ? error.code : error.text);
        co_return error;
    }
    co_return json::value{{"jid", jid->bare()}, {"now", what.now}};
}

constexpr Change create{[](Context& context, Jid jid, std::string password) {
                            return context.account_registry().create(std::move(jid),
                                                                     std::move(password));
                        },
                        "it exists, and can be logged in to"};
constexpr Change set_password{[](Context& context, Jid jid, std::string password) {
                                  return context.account_registry().set_password(
                                      std::move(jid), std::move(password));
                              },
                              "it has the new password; all its sessions have ended"};
constexpr Change disable{[](Context& context, Jid jid, std::string) {
                             return context.account_registry().set_disabled(std::move(jid), true);
                         },
                         "nobody can log in to it; its sessions have ended"};
constexpr Change enable{[](Context& context, Jid jid, std::string) {
                            return context.account_registry().set_disabled(std::move(jid), false);
                        },
                        "it can be logged in to"};
constexpr Change remove{[](Context& context, Jid jid, std::string) {
                            return context.account_registry().remove(std::move(jid));
                        },
                        "it is gone, with everything kept for it"};
constexpr Change make_administrator{[](Context& context, Jid jid, std::string) {
                                        return context.account_registry().set_administrator(
                                            std::move(jid), true);
                                    },
                                    "it administers its domain"};
constexpr Change make_no_administrator{
    [](Context& context, Jid jid, std::string) {
        return context.account_registry().set_administrator(std::move(jid), false);
    },
    "its record makes it no administrator (those whom the configuration names still are)"};

Task<Result<json::value>> add(Context& here, const json::object& arguments) {
    if (text(arguments, "password").empty())
        co_return fail(error_code::usage, "a password is needed: --password, or --password-stdin");
    co_return co_await change(here, arguments, create);
}

Task<Result<json::value>> passwd(Context& here, const json::object& arguments) {
    if (text(arguments, "password").empty())
        co_return fail(error_code::usage, "a password is needed: --password, or --password-stdin");
    co_return co_await change(here, arguments, set_password);
}

Task<Result<json::value>> enable_user(Context& here, const json::object& arguments) {
    return change(here, arguments, enable);
}

// ---- Nobody is left ----------------------------------------------------------------------------

/// From elsewhere than the server itself nobody takes its last administrator from a host: then
/// nobody could let anybody in again.
Task<Result<json::value>> take_away(Context& here, const json::object& arguments,
                                    const AdminAsker& asker, Change what) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (jid && !asker.is_operator) {
        const auto host = co_await core::host_left_without(here, *jid);
        if (!host) co_return host.error();
        if (!host->empty())
            co_return fail(error_code::conflict, *host + " would have no administrator left");
    }
    co_return co_await change(here, arguments, what);
}

Task<Result<json::value>> delete_user(Context& here, const json::object& arguments,
                                      const AdminAsker& asker) {
    return take_away(here, arguments, asker, remove);
}

Task<Result<json::value>> disable_user(Context& here, const json::object& arguments,
                                       const AdminAsker& asker) {
    return take_away(here, arguments, asker, disable);
}

Task<Result<json::value>> set_administrator(Context& here, const json::object& arguments,
                                            const AdminAsker& asker) {
    const std::string_view state = text(arguments, "state");
    if (state == "on") co_return co_await change(here, arguments, make_administrator);
    if (state == "off") co_return co_await take_away(here, arguments, asker, make_no_administrator);
    co_return fail(error_code::usage, "state: expected on or off");
}

constexpr core::AdminArgument new_password{
    .name = "password",
    .kind = core::ArgumentKind::password,
    .help = "the password (others on this machine may see it: better type it when asked)"};

core::AdminCommand admin_command() {
    return {
        .name = "user admin",
        .help = "let an account administer its domain from a client (XEP-0133), or no more",
        .arguments = {account_argument,
                      {.name = "state", .use = core::ArgumentUse::required, .help = "on or off"}},
        .run = set_administrator,
        .has_node = true};
}

}  // namespace

const core::AdminArea& user_area() {
    static const core::AdminArea area{
        .name = "user",
        .help = "accounts",
        .commands = {
            {.name = "user add",
             .help = "create an account",
             .arguments = {account_argument, new_password},
             .run = add,
             .has_node = true},
            {.name = "user passwd",
             .help = "set an account's password; all its sessions end, and its devices log in "
                     "again with the new one",
             .arguments = {account_argument, new_password},
             .run = passwd,
             .has_node = true},
            {.name = "user delete",
             .help = "delete an account and everything kept for it; asks at a terminal",
             .arguments = {account_argument},
             .questions = {{"", "Delete {jid} and everything kept for it?"}},
             .run = delete_user,
             .has_node = true},
            {.name = "user disable",
             .help = "let nobody log in to an account, and end its sessions; what comes for it is "
                     "kept, as for somebody who is away",
             .arguments = {account_argument},
             .run = disable_user,
             .has_node = true},
            {.name = "user enable",
             .help = "the contrary of disable",
             .arguments = {account_argument},
             .run = enable_user,
             .has_node = true},
            admin_command(),
            show_command(),
            roster_command(),
            list_command(),
            count_command(),
            import_command(),
            export_command()}};
    return area;
}

const core::AdminCommand& row(std::string_view name) {
    for (const auto* area : {&user_area(), &session_area(), &notice_area()})
        for (const core::AdminCommand& command : area->commands)
            if (command.name == name) return command;
    throw std::logic_error("no command " + std::string(name));
}

}  // namespace clarion::administration
