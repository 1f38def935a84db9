// session list, session kick.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <unordered_set>

#include "base/clock.h"
#include "base/text.h"
#include "modules/administration/rows.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/setup/remote_call.h"
#include "storage/storage.h"

namespace clarion::administration {

namespace json = boost::json;
using core::Context;

namespace {

json::value describe(core::Session& session) {
    json::object result{{"jid", session.jid().full()},
                        {"state", session.is_hibernating() ? "asleep" : "connected"},
                        {"available", session.available()},
                        {"priority", session.priority()},
                        {"stream_management", session.sm() != nullptr}};
    if (session.is_hibernating()) {
        result["queued"] = session.hibernation().queued();
        const Clock& clock = session.context().clock();
        result["asleep_since"] = format_datetime(clock.on_calendar(session.hibernation().since()));
        result["expires"] = format_datetime(clock.on_calendar(session.hibernation().expires_at()));
    } else if (session.port()) {
        const auto info = session.port()->info();
        result["address"] = info.address + ' ' + std::to_string(info.port);
        result["tls"] = info.encrypted ? info.tls_version + ' ' + info.tls_cipher : "none";
        if (session.sm()) result["unacknowledged"] = session.sm()->unacked_count();
    }
    return result;
}

void add_sessions(core::Account& account, json::array& out) {
    for (const auto& session : account.sessions()) out.push_back(describe(*session));
}

json::value describe(const Clock& clock, const std::string& bare_jid,
                     const storage::HibernatingSession& record) {
    return json::object{
        {"jid", bare_jid + '/' + record.resource},
        {"state", "asleep"},
        {"available", !record.presence.empty()},
        {"stream_management", true},
        {"queued", record.queued},
        {"asleep_since", format_datetime(clock.on_calendar(record.hibernating_since))},
        {"expires", format_datetime(clock.on_calendar(record.expires_at))}};
}

/// Those of an account that is not in memory, and stays so.
Task<> list_stored(Context& context, std::string bare_jid, json::array& out) {
    const auto account = co_await context.storage().accounts().load(bare_jid);
    if (!account || !account->has_value()) co_return;
    for (const auto& record : (*account)->hibernating_sessions)
        if (record.state == storage::HibernationState::hibernating &&
            record.expires_at > context.clock().lasting())
            out.push_back(describe(context.clock(), bare_jid, record));
}

/// Which sessions are wanted.
struct Wanted {
    const core::AdminAsker& asker;
    std::string domain{};  // empty: of all
    std::size_t limit = 0;
    std::size_t left_out = 0;  // accounts with sessions that the asker is not shown

    bool has(std::string_view bare_jid) const {
        return domain.empty() || bare_jid.substr(bare_jid.find('@') + 1) == domain;
    }
};

/// Those of this shard's accounts: of those in memory, then of those that hibernate on disk, a page
/// after the other. Storage errors: a list that lacks some would look whole.
Task<Result<>> list_here(Context& context, Wanted& wanted, json::array& out) {
    std::unordered_set<std::string> told;
    context.accounts().for_each([&](core::Account& account) {
        if (out.size() >= wanted.limit || account.sessions().empty()) return;
        if (!wanted.has(account.jid().bare())) return;
        told.emplace(account.jid().bare());
        if (wanted.asker.spares(account.jid().bare()))
            ++wanted.left_out;
        else
            add_sessions(account, out);
    });
    core::HibernatingPage page;
    do {
        if (out.size() >= wanted.limit || context.stopping()) break;
        auto read = co_await core::read_hibernating(context, context.partitions(), page.next);
        if (!read) co_return read.error();
        page = std::move(*read);
        for (const auto& name : page.accounts) {
            if (out.size() >= wanted.limit || !wanted.has(name) || !told.insert(name).second)
                continue;
            if (wanted.asker.spares(name))
                ++wanted.left_out;
            else
                co_await list_stored(context, name, out);
        }
    } while (page.next);
    co_return Result<>{};
}

Task<> list_unless_failed(Context& context, Wanted& wanted, json::array& out, Result<>& outcome) {
    if (!outcome) co_return;
    Result<> listed = co_await list_here(context, wanted, out);
    if (!listed) outcome = std::move(listed);
}

constexpr std::int64_t usual_limit = 10000;

std::size_t limit_of(const json::object& arguments) {
    const json::value* value = arguments.if_contains("limit");
    const bool given = value && value->is_int64() && value->get_int64() > 0;
    return static_cast<std::size_t>(given ? value->get_int64() : usual_limit);
}

Task<Result<json::value>> list_account(Context& context, std::string jid) {
    auto pin = co_await context.accounts().load(std::move(jid));
    if (!pin) co_return pin.error();
    json::array sessions;
    add_sessions(**pin, sessions);
    co_return json::value(std::move(sessions));
}

Task<Result<json::value>> list_all(Context& here, Wanted wanted) {
    json::array sessions;
    Result<> outcome;
    co_await core::run_on_all(here, [&sessions, &wanted, &outcome](Context& context) {
        return list_unless_failed(context, wanted, sessions, outcome);
    });
    if (!outcome) co_return outcome.error();
    if (sessions.size() > wanted.limit) sessions.resize(wanted.limit);
    if (wanted.left_out > 0)
        sessions.push_back(json::object{{"jid", wanted.domain}, {"left_out", wanted.left_out}});
    co_return json::value(std::move(sessions));
}

/// With the address of an account: all its sessions. With a domain, or without: those of all
/// accounts there, "limit" of them at most; a last row says of how many accounts they are left out.
Task<Result<json::value>> list(Context& here, const json::object& arguments,
                               const core::AdminAsker& asker) {
    Wanted wanted{.asker = asker, .limit = limit_of(arguments)};
    if (core::text(arguments, "jid").empty()) co_return co_await list_all(here, std::move(wanted));
    const auto jid = core::address_argument(here.domains(), arguments);
    if (!jid) co_return jid.error();
    if (!jid->has_local()) {
        wanted.domain = jid->domain();
        co_return co_await list_all(here, std::move(wanted));
    }
    const std::string name(jid->bare());
    co_return co_await core::ask_at_home<json::value>(
        here, name, [&](Context& home) { return list_account(home, name); });
}

Task<Result<json::value>> kick_here(Context& context, Jid jid) {
    auto pin = co_await context.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    json::array kicked;
    for (const auto& session : std::vector((*pin)->sessions())) {
        if (jid.is_full() && session->jid() != jid) continue;
        kicked.emplace_back(session->jid().full());
        session->end(core::SessionEnd::kicked);
    }
    if (kicked.empty()) co_return fail(error_code::item_not_found, "there is no such session");
    co_return json::value{{"kicked", std::move(kicked)}};
}

Task<Result<json::value>> kick(Context& here, const json::object& arguments) {
    auto jid = Jid::parse(core::text(arguments, "jid"));
    if (!jid) co_return fail(error_code::usage, "jid: " + jid.error().text);
    co_return co_await core::ask_at_home<json::value>(
        here, std::string(jid->bare()), [&](Context& home) { return kick_here(home, *jid); });
}

}  // namespace

const core::AdminArea& session_area() {
    using Kind = core::ArgumentKind;
    using Use = core::ArgumentUse;
    using enum core::ColumnKind;
    static const core::AdminArea area{
        .name = "session",
        .help = "connected and sleeping sessions",
        .commands = {{.name = "session list",
                      .help = "sessions of an account, or of all, sleeping ones too",
                      .arguments = {{.name = "jid",
                                     .kind = Kind::jid,
                                     .use = Use::optional,
                                     .help = "an account, such as romeo@example.org, or a "
                                             "domain"},
                                    {.name = "limit",
                                     .kind = Kind::number,
                                     .help = "at most so many",
                                     .usual = usual_limit,
                                     .most = 1'000'000}},
                      .columns = {{"jid", "jid"},
                                  {"state", "state"},
                                  {"available", "available"},
                                  {"priority", "priority", number},
                                  {"stream_management", "stream management"},
                                  {"queued", "queued", number},
                                  {"asleep_since", "asleep since"},
                                  {"expires", "expires"},
                                  {"address", "address"},
                                  {"tls", "tls"},
                                  {"unacknowledged", "unacknowledged", number},
                                  {"left_out", "accounts left out", number}},
                      .none = "no sessions",
                      .run = list},
                     {.name = "session kick",
                      .help = "end sessions",
                      .arguments = {{.name = "jid",
                                     .kind = Kind::jid,
                                     .use = Use::required,
                                     .help = "an account (all its sessions) or a full JID "
                                             "(that one)"}},
                      .run = kick,
                      .has_node = true}}};
    return area;
}

}  // namespace clarion::administration
