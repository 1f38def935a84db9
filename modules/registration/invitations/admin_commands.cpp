// invite create, list, revoke: for clarionctl.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "modules/registration/invitations/install.h"
#include "modules/registration/invitations/invitations.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/setup/admin_command.h"
#include "storage/storage.h"

namespace clarion::registration::invitations {

namespace json = boost::json;
using core::Context;
using core::text;

namespace {

std::string shown(WallTime time) {
    return format_datetime(std::chrono::floor<std::chrono::seconds>(time));
}

// ---- create ------------------------------------------------------------------------------------

Result<> read_lifetime(const json::object& arguments, Wish& wish) {
    const std::string_view expires = text(arguments, "expires");
    if (expires.empty()) return {};
    const auto duration = parse_duration(expires);
    if (!duration || *duration <= Duration::zero())
        return fail(error_code::usage, "expires: a time such as 7d or 12h is needed");
    wish.expires_after = *duration;
    return {};
}

Result<> read_name(const json::object& arguments, Wish& wish) {
    const std::string_view name = text(arguments, "name");
    if (name.empty()) return {};
    const auto prepared = prepare_localpart(name);
    if (!prepared) return fail(error_code::usage, "name: " + prepared.error().text);
    if (wish.kind != Kind::account)
        return fail(error_code::usage, "name: only of an invitation to make an account");
    wish.account = *prepared;
    return {};
}

/// What is wanted of a user, or of a name: exactly one of the three.
Result<> read_user(const json::object& arguments, const Jid& user, Wish& wish) {
    const bool account = core::flag(arguments, "account");
    const bool contact = core::flag(arguments, "contact");
    const bool reset = core::flag(arguments, "reset");
    if (account + contact + reset != 1)
        return fail(error_code::usage,
                    "say --contact, to invite somebody to be a contact of " + user.full() +
                        ", --reset, to let them set another password, or --account, to let "
                        "somebody make this account");
    wish.kind = account ? Kind::account : contact ? Kind::contact : Kind::reset;
    wish.registers = account || (contact && core::flag(arguments, "register"));
    wish.befriends = contact;
    (contact ? wish.inviter : wish.account) =
        contact ? std::string(user.bare()) : std::string(user.local());
    return {};
}

/// Of a server with one host that one, if nothing is said.
Result<Jid> read_target(const core::Domains& domains, const json::object& arguments) {
    if (!text(arguments, "jid").empty()) return core::address_argument(domains, arguments);
    if (domains.hosts().size() == 1) return Jid::trusted(domains.hosts().front());
    return fail(error_code::usage, "for which domain of this server, or for whom?");
}

Result<Wish> read_wish(const core::Domains& domains, const json::object& arguments) {
    const auto target = read_target(domains, arguments);
    if (!target) return target.error();
    Wish wish;
    wish.host = target->domain();
    Result<> read;
    if (target->has_local())
        read = read_user(arguments, *target, wish);
    else if (core::flag(arguments, "contact") || core::flag(arguments, "reset"))
        read = fail(error_code::usage, "--contact and --reset are about a user: say whom");
    if (read) read = read_name(arguments, wish);
    if (read) read = read_lifetime(arguments, wish);
    if (!read) return read.error();
    if (const json::value* uses = arguments.if_contains("uses"); uses && uses->is_int64())
        wish.most_uses = static_cast<std::uint32_t>(uses->as_int64());
    if (wish.most_uses > 1 && (wish.kind == Kind::reset || !wish.account.empty()))
        return fail(error_code::usage, "uses: a link for one account is used once");
    return wish;
}

Task<Result<json::value>> create(Context& here, const json::object& arguments,
                                 const core::AdminAsker& asker) {
    auto wish = read_wish(here.domains(), arguments);
    if (!wish) co_return wish.error();
    if (wish->kind == Kind::contact) {
        const auto user = co_await here.storage().accounts().find(wish->inviter);
        if (!user) co_return user.error();
        if (!*user) co_return fail(error_code::item_not_found, wish->inviter + " does not exist");
    }
    Wish wanted = *wish;
    std::string by = asker.name;
    const auto created = co_await invitations::create(here, std::move(wanted), std::move(by));
    if (!created) co_return created.error();
    json::object answer{
        {"id", created->id}, {"uri", created->uri}, {"expires", shown(created->expires)}};
    if (!created->url.empty()) answer["url"] = created->url;
    co_return json::value(std::move(answer));
}

// ---- list, revoke ------------------------------------------------------------------------------

json::object row_of(const Context& here, const std::string& host, const Listed& listed) {
    const Invitation& invitation = listed.invitation;
    json::object row{
        {"id", listed.id},
        {"host", host},
        {"kind", name_of(invitation.kind)},
        {"uses", std::to_string(invitation.uses) + "/" + std::to_string(invitation.most_uses)},
        {"registers", invitation.registers},
        {"created", shown(here.clock().on_calendar(invitation.created))},
        {"expires", shown(here.clock().on_calendar(invitation.expires))}};
    if (!invitation.inviter.empty()) row["inviter"] = invitation.inviter;
    if (!invitation.account.empty()) row["account"] = invitation.account;
    return row;
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto hosts = core::hosts_argument(here.domains(), arguments);
    if (!hosts) co_return hosts.error();
    json::array rows;
    for (const std::string& host : *hosts) {
        const auto found = co_await invitations::list(here, host);
        if (!found && found.error().is(error_code::item_not_found)) continue;
        if (!found) co_return found.error();
        for (const Listed& listed : *found) rows.push_back(row_of(here, host, listed));
    }
    co_return json::value(std::move(rows));
}

Task<Result<json::value>> revoke(Context& here, const json::object& arguments,
                                 const core::AdminAsker& asker) {
    const std::string id(text(arguments, "id"));
    constexpr std::size_t shortest = 6;
    if (id.size() < shortest)
        co_return fail(error_code::usage, "there is no invitation " + std::string(id) +
                                              ": its id is as `invite list` says it");
    const auto hosts = core::hosts_argument(here.domains(), arguments);
    if (!hosts) co_return hosts.error();
    for (const std::string& host : *hosts) {
        std::string by = asker.name;
        const auto gone = co_await invitations::revoke(here, host, id, std::move(by));
        if (gone) co_return json::value{{"id", gone->id}, {"host", host}};
        if (!gone.error().is(error_code::item_not_found)) co_return gone.error();
    }
    co_return fail(error_code::item_not_found, "there is no such invitation");
}

using Kind_ = core::ArgumentKind;
using Use = core::ArgumentUse;

core::AdminCommand create_command() {
    return {.name = "invite create",
            .help =
                "a link to make an account, to become a user's contact, or to set a user's "
                "password anew; it is shown this once",
            .arguments = {{.name = "jid",
                           .kind = Kind_::jid,
                           .use = Use::optional,
                           .help = "a domain, to make an account there, or an address; the "
                                   "server's domain if it has one only"},
                          {.name = "account",
                           .kind = Kind_::flag,
                           .help = "to make an account, which is what a link does without "
                                   "--contact or --reset"},
                          {.name = "name",
                           .help = "the name that the account will have, which "
                                   "nobody else gets meanwhile"},
                          {.name = "contact",
                           .kind = Kind_::flag,
                           .help = "to become a contact of that user"},
                          {.name = "register",
                           .kind = Kind_::flag,
                           .help = "with --contact: and to make an account, who has none"},
                          {.name = "reset",
                           .kind = Kind_::flag,
                           .help = "to set another password for that user"},
                          {.name = "expires", .help = "how long it is open, such as 7d or 12h"},
                          {.name = "uses",
                           .kind = Kind_::number,
                           .help = "how many people may use it",
                           .usual = 1,
                           .most = 10000}},
            .columns = {{"uri", "uri"}, {"url", "url"}, {"expires", "expires"}, {"id", "id"}},
            .run = create};
}

core::AdminCommand list_command() {
    using enum core::ColumnKind;
    return {.name = "invite list",
            .help = "open invitations, the oldest first",
            .arguments = {{.name = "host",
                           .kind = Kind_::domain,
                           .use = Use::optional,
                           .help = "a host of this server; else all of them"}},
            .columns = {{"id", "id"},
                        {"host", "host"},
                        {"kind", "kind"},
                        {"inviter", "inviter"},
                        {"account", "account"},
                        {"registers", "registers", mark},
                        {"uses", "uses"},
                        {"created", "created"},
                        {"expires", "expires"}},
            .none = "no open invitations",
            .run = list};
}

core::AdminCommand revoke_command() {
    return {.name = "invite revoke",
            .help = "end an invitation: its link is good for nothing any more",
            .arguments = {{.name = "id", .use = Use::required, .help = "as `invite list` says it"},
                          {.name = "host", .kind = Kind_::domain, .help = "only of this host"}},
            .run = revoke};
}

}  // namespace

const core::AdminArea& admin_area() {
    static const core::AdminArea area{
        .name = "invite",
        .help = "links to make an account, to become a contact, or to set a password anew",
        .commands = {create_command(), list_command(), revoke_command()}};
    return area;
}

}  // namespace clarion::registration::invitations
