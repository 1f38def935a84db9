// client list, client sign-out.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/administration/rows.h"
#include "server/core/context.h"
#include "server/core/setup/clients.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;

namespace {

json::value time_or_null(WallTime time) {
    if (time == WallTime{}) return nullptr;
    return json::value(format_datetime(std::chrono::floor<std::chrono::seconds>(time)));
}

json::value describe(const core::ClientSession& session) {
    return {{"resource", session.resource},
            {"state", session.asleep ? "asleep" : "connected"},
            {"available", session.available},
            {"address", session.address},
            {"asleep_since", time_or_null(session.asleep_since)},
            {"expires", time_or_null(session.expires)}};
}

/// In a word: of several sessions the one that is most awake counts.
std::string_view state_of(const core::ClientView& client) {
    bool asleep = false;
    for (const auto& session : client.sessions) {
        if (!session.asleep) return "connected";
        asleep = true;
    }
    return asleep ? "asleep" : "away";
}

json::value describe(const core::ClientView& client) {
    json::array sessions, resources, addresses, kept;
    std::string push;
    for (const auto& session : client.sessions) {
        sessions.push_back(describe(session));
        resources.emplace_back(session.resource);
        if (!session.address.empty()) addresses.emplace_back(session.address);
    }
    for (const auto& each : client.kept)
        kept.push_back(
            {{"what", each.what}, {"name", each.name}, {"since", time_or_null(each.since)}});
    for (const auto& each : client.kept)
        if (each.what == "push") push += (push.empty() ? "" : ", ") + each.name;
    return {{"id", client.id},
            {"state", state_of(client)},
            {"resources", std::move(resources)},
            {"addresses", std::move(addresses)},
            {"push", push},
            {"sessions", std::move(sessions)},
            {"kept", std::move(kept)}};
}

Task<Result<json::value>> list(Context& here, const json::object& arguments) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    const auto clients = co_await core::clients_of(here, *jid);
    if (!clients) co_return clients.error();
    json::array rows;
    for (const auto& client : *clients) rows.push_back(describe(client));
    co_return json::value(std::move(rows));
}

Task<Result<json::value>> sign_out(Context& here, const json::object& arguments,
                                   const core::AdminAsker& asker) {
    const auto jid = core::account_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    std::string id(core::text(arguments, "id"));
    if (id.empty()) co_return fail(error_code::usage, "id: which client is meant");
    std::string by = asker.name;
    const auto done = co_await core::sign_out(here, *jid, std::move(id), std::move(by));
    if (!done) co_return done.error();
    co_return json::value{{"sessions_ended", done->sessions},
                          {"registrations_removed", done->kept}};
}

}  // namespace

const core::AdminArea& client_area() {
    using Use = core::ArgumentUse;
    static const core::AdminArea area{
        .name = "client",
        .help = "the clients of an account: apps and devices that are signed in",
        .commands = {
            {.name = "client list",
             .help = "clients of an account: connected, asleep (they can resume their session), "
                     "or away and only notified by push",
             .arguments = {account_argument},
             .columns = {{"id", "id"},
                         {"state", "state"},
                         {"resources", "resources"},
                         {"addresses", "addresses"},
                         {"push", "push"}},
             .none = "no client is signed in",
             .run = list},
            {.name = "client sign-out",
             .help = "sign a client out: its sessions end, sleeping ones too, and it is notified "
                     "no more. One that knows the password can log in again: change that too "
                     "(user passwd) if the device is lost",
             .arguments = {account_argument,
                           {.name = "id",
                            .use = Use::required,
                            .help = "which one: the id that `client list` shows"}},
             .run = sign_out}}};
    return area;
}

}  // namespace clarion::administration
