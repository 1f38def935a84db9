// federation list, block, unblock, allow, disallow: the lists of address_lists.h, for clarionctl.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/address_lists.h"
#include "modules/administration/rows.h"
#include "server/core/address/domains.h"
#include "server/core/setup/admin_command.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

Result<Jid> peer_argument(const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "address"));
    if (!jid) return fail(error_code::usage, "address: " + jid.error().text);
    return jid;
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto hosts = core::hosts_argument(here.domains(), arguments, "host");
    if (!hosts) co_return hosts.error();
    json::array rows;
    for (const std::string& host : *hosts) {
        for (const Listing which : {Listing::blacklist, Listing::whitelist}) {
            const auto found = co_await read_list(here, host, which);
            if (!found) co_return found.error();
            for (const std::string& address : found->all())
                rows.push_back({{"host", host}, {"list", name_of(which)}, {"address", address}});
        }
    }
    co_return json::value(std::move(rows));
}

enum class Wish : bool { add, remove };

Task<Result<json::value>> change(Context& here, const json::object& arguments, Listing which,
                                 Wish wish, const core::AdminAsker& asker) {
    const auto hosts = core::hosts_argument(here.domains(), arguments, "host");
    if (!hosts) co_return hosts.error();
    const auto peer = peer_argument(arguments);
    if (!peer) co_return peer.error();
    for (const std::string& host : *hosts) {
        ListEdit edit;
        (wish == Wish::add ? edit.added : edit.removed).push_back(peer->full());
        std::string by = asker.name;
        const Result<> done = co_await edit_list(here, host, which, std::move(edit), std::move(by));
        if (!done) co_return done.error();
    }
    co_return json::value{{"address", peer->full()}};
}

core::AdminHandler changer(Listing which, Wish wish) {
    return
        [which, wish](Context& here, const json::object& arguments, const core::AdminAsker& asker) {
            return change(here, arguments, which, wish, asker);
        };
}

constexpr core::AdminArgument address{
    .name = "address",
    .kind = core::ArgumentKind::text,
    .use = core::ArgumentUse::required,
    .help = "a server, a component or somebody there, such as example.com"};
constexpr core::AdminArgument host{.name = "host",
                                   .kind = core::ArgumentKind::domain,
                                   .use = core::ArgumentUse::option,
                                   .help = "a host of this server; else all of them"};

core::AdminCommand changing(std::string_view name, std::string_view help, Listing which,
                            Wish wish) {
    return {.name = name, .help = help, .arguments = {address, host}, .run = changer(which, wish)};
}

}  // namespace

const core::AdminArea& federation_area() {
    static const core::AdminArea area{
        .name = "federation",
        .help = "with which servers, components and users elsewhere users may talk",
        .commands = {
            {.name = "federation list",
             .help = "who is shut out, and who alone is let in",
             .arguments = {host},
             .columns = {{"host", "host"}, {"list", "list"}, {"address", "address"}},
             .none = "nobody is listed: users may talk with everybody",
             .run = list},
            changing("federation block", "shut somebody out", Listing::blacklist, Wish::add),
            changing("federation unblock", "take somebody off the blacklist", Listing::blacklist,
                     Wish::remove),
            changing("federation allow", "let in only who is on the whitelist: add to it",
                     Listing::whitelist, Wish::add),
            changing("federation disallow", "take somebody off the whitelist", Listing::whitelist,
                     Wish::remove)}};
    return area;
}

}  // namespace clarion::administration
