#include "modules/bookmarks/admin_commands.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "modules/bookmarks/bookmarks.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"

namespace clarion::bookmarks {

namespace json = boost::json;
using core::Context;

namespace {

Task<Result<std::size_t>> restore_at_home(Context& home, std::string jid) {
    auto pin = co_await home.accounts().load(std::move(jid));
    if (!pin) co_return pin.error();
    BookmarksSought sought{**pin};
    home.bus().fire(sought);
    if (!sought.found)
        co_return fail(error_code::item_not_found, "bookmarks are switched off at this domain");
    core::AccountPin account = std::move(*pin);
    co_return co_await sought.found->restore(std::move(account));
}

Task<Result<json::value>> restore(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const std::string name(jid->bare());
    const auto restored = co_await core::ask_at_home<std::size_t>(
        here, name, [&name](Context& home) { return restore_at_home(home, name); });
    if (!restored) co_return restored.error();
    co_return json::value{{"restored", *restored}};
}

core::AdminCommand restore_command() {
    return {
        .name = "bookmarks restore",
        .help =
            "bring back the bookmarks that the last list of an account's old client removed, if "
            "that was more than half of them; says how many",
        .arguments = {{.name = "jid",
                       .kind = core::ArgumentKind::jid,
                       .use = core::ArgumentUse::required,
                       .help = "an account, such as romeo@example.org"}},
        .run = restore};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "bookmarks", .help = "the rooms that users keep", .commands = {restore_command()}};
    return area;
}

}  // namespace clarion::bookmarks
