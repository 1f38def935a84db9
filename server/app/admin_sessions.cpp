// session/list, session/kick.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/base/text.h"
#include "server/core/cross.h"
#include "server/core/session.h"

namespace clarion::app {

namespace json = boost::json;
using core::Core;

namespace {

json::value describe(core::Session& session) {
    json::object result{{"jid", session.jid().full()},
                        {"state", session.is_asleep() ? "asleep" : "connected"},
                        {"available", session.available()},
                        {"priority", session.priority()},
                        {"stream_management", session.sm() != nullptr}};
    if (session.is_asleep()) {
        result["queued"] = session.queued_asleep();
        result["asleep_since"] = format_datetime(session.slept_at());
        result["expires"] = format_datetime(session.expires_at());
    } else if (session.port()) {
        const auto info = session.port()->info();
        result["address"] = info.address + ' ' + std::to_string(info.port);
        result["tls"] = info.encrypted ? info.tls_version + ' ' + info.tls_cipher : "none";
        if (session.sm()) result["unacknowledged"] = session.sm()->queue.size();
    }
    return result;
}

void add_sessions(core::Account& account, json::array& out) {
    for (const auto& session : account.sessions()) out.push_back(describe(*session));
}

Task<> list_loaded(Core& core, json::array& out) {
    core.accounts().for_each([&out](core::Account& account) { add_sessions(account, out); });
    co_return;
}

Task<> list_account(Core& core, std::string jid, Result<json::value>& result) {
    auto pin = co_await core.accounts().load(std::move(jid));
    if (!pin) {
        result = pin.error();
        co_return;
    }
    json::array sessions;
    add_sessions(**pin, sessions);
    result = json::value(std::move(sessions));
}

/// With a JID: all sessions of that account. Without: those of the accounts in memory (sleeping
/// ones may be put away).
Task<Result<json::value>> list(App& app, const json::object& arguments) {
    Core& here = *app.shared().cores[0];
    if (text(arguments, "jid").empty()) {
        json::array sessions;
        co_await core::run_on_all(here,
                                  [&sessions](Core& core) { return list_loaded(core, sessions); });
        co_return json::value(std::move(sessions));
    }
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid) co_return fail("usage", "jid: " + jid.error().text);
    Result<json::value> result = fail("internal-server-error", "the server is stopping");
    co_await core::run_on(here, app.shared().shards.owner_of(jid->bare()), [&](Core& core) {
        return list_account(core, std::string(jid->bare()), result);
    });
    co_return result;
}

Task<> kick_here(Core& core, Jid jid, Result<json::value>& result) {
    auto pin = co_await core.accounts().load(std::string(jid.bare()));
    if (!pin) {
        result = pin.error();
        co_return;
    }
    json::array kicked;
    for (const auto& session : std::vector((*pin)->sessions())) {
        if (jid.is_full() && session->jid() != jid) continue;
        kicked.emplace_back(session->jid().full());
        session->end(core::SessionEnd::kicked);
    }
    if (kicked.empty())
        result = fail("item-not-found", "there is no such session");
    else
        result = json::value{{"kicked", std::move(kicked)}};
}

Task<Result<json::value>> kick(App& app, const json::object& arguments) {
    auto jid = Jid::parse(text(arguments, "jid"));
    if (!jid) co_return fail("usage", "jid: " + jid.error().text);
    Result<json::value> result = fail("internal-server-error", "the server is stopping");
    co_await core::run_on(*app.shared().cores[0], app.shared().shards.owner_of(jid->bare()),
                          [&](Core& core) { return kick_here(core, *jid, result); });
    co_return result;
}

}  // namespace

std::span<const AdminRow> session_commands() {
    static const std::array<AdminRow, 2> rows{{{"session/list", list}, {"session/kick", kick}}};
    return rows;
}

}  // namespace clarion::app
