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

/// What a change came to.
struct Changed {
    std::string address;
    json::array hosts;
    std::size_t listed;  // on the list of the last of them now
};

json::value answer_of(const Changed& changed, Listing which, Wish wish) {
    std::string now;
    if (which == Listing::blacklist)
        now = wish == Wish::add ? "nobody here talks with them" : "not shut out any more";
    else if (changed.listed == 0)
        now = "everybody is let in who is not on the blacklist";
    else
        now = "only the " + std::to_string(changed.listed) + " on the whitelist are let in";
    return {{"address", changed.address},
            {wish == Wish::add ? "added_to" : "removed_from", name_of(which)},
            {"hosts", changed.hosts},
            {"now", now}};
}

Task<Result<json::value>> change(Context& here, const json::object& arguments, Listing which,
                                 Wish wish, const core::AdminAsker& asker) {
    const auto hosts = core::hosts_argument(here.domains(), arguments, "host");
    if (!hosts) co_return hosts.error();
    const auto peer = peer_argument(arguments);
    if (!peer) co_return peer.error();
    if (const auto may = check_listable(here.domains(), *peer); wish == Wish::add && !may)
        co_return may.error();
    Changed changed{.address = peer->full(), .hosts = {}, .listed = 0};
    for (const std::string& host : *hosts) {
        const auto before = co_await read_list(here, host, which);
        if (!before) co_return before.error();
        const bool is_listed = before->contains(changed.address);
        if (wish == Wish::remove && !is_listed) continue;
        changed.hosts.emplace_back(host);
        ListEdit edit;
        (wish == Wish::add ? edit.added : edit.removed).push_back(changed.address);
        std::string by = asker.name;
        const Result<> done = co_await edit_list(here, host, which, std::move(edit), std::move(by));
        if (!done) co_return done.error();
        changed.listed = before->size() + (wish == Wish::add ? (is_listed ? 0 : 1) : 0) -
                         (wish == Wish::remove ? 1 : 0);
    }
    if (changed.hosts.empty())
        co_return fail(error_code::item_not_found,
                       changed.address + " is not on the " + std::string(name_of(which)));
    co_return answer_of(changed, which, wish);
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

/// Whoever is the first there shuts all others out.
core::AdminCommand allowing() {
    core::AdminCommand command =
        changing("federation allow", "let in only who is on the whitelist: add to it",
                 Listing::whitelist, Wish::add);
    command.questions = {
        {.given = {},
         .text = "Who is not on the whitelist is shut out, as soon as anybody is on it: let in "
                 "{address} and those listed already, and nobody else?"}};
    return command;
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
            allowing(),
            changing("federation disallow", "take somebody off the whitelist", Listing::whitelist,
                     Wish::remove)}};
    return area;
}

}  // namespace clarion::administration
