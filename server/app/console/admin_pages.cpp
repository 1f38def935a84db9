// The pages below /admin/.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "server/app/console/chart.h"
#include "server/app/console/pages.h"
#include "server/app/console/tables.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/http/http_target.h"

namespace clarion::app {

namespace json = boost::json;
using core::Html;
using core::html;
using core::HttpResponse;

namespace {

constexpr std::string_view account_link = "/admin/account?jid=";
constexpr std::int64_t most_listed = 200;

/// What a page shows: what a command answers.
struct Section {
    std::string title;
    std::string_view command;
    json::object arguments{};
    TableStyle style{.account_link = std::string(account_link)};
};

/// {"name": value, ...}
template <class... Rest>
json::object named(std::string_view name, const auto& value, const Rest&... rest) {
    json::object arguments;
    if constexpr (sizeof...(rest) > 0) arguments = named(rest...);
    arguments[name] = value;
    return arguments;
}

Section table(std::string title, std::string_view command, json::object arguments = {}) {
    Section section{
        .title = std::move(title), .command = command, .arguments = std::move(arguments)};
    section.style.most = most_listed;
    section.style.label = section.title;
    return section;
}

/// A card each: the answer, or why there is none.
Task<Html> answers(const Visit& visit, std::vector<Section> sections) {
    Html all;
    for (Section& section : sections) {
        if (!visit.command(section.command)) continue;  // of a module that is not built in
        const auto answer = co_await visit.run(section.command, std::move(section.arguments));
        all += card(section.title,
                    answer ? table_of(*visit.command(section.command), *answer, section.style)
                           : problem(answer.error()));
    }
    co_return all;
}

/// A page that has `lead` and then the answers.
Task<HttpResponse> page_of(const Visit& visit, std::string title, Html lead,
                           std::vector<Section> sections) {
    lead += co_await answers(visit, std::move(sections));
    co_return console_page(visit, std::move(title), std::move(lead));
}

/// The domain that was chosen, among those that the visitor administers; else the first of them.
std::string chosen(const Visit& visit, const std::vector<std::string>& domains) {
    const std::string_view wanted = visit.asked("domain");
    const auto found = std::find(domains.begin(), domains.end(), wanted);
    return found != domains.end() ? *found : domains.empty() ? std::string() : domains.front();
}

Html choice(std::string_view label, const std::vector<std::string>& domains, std::string_view now) {
    Html options;
    for (const std::string& domain : domains)
        options += html("<option value=\"{}\"{}>{}</option>", domain,
                        domain == now ? html(" selected") : Html(), domain);
    return html(
        "<div><label for=\"domain\">{}</label><select id=\"domain\" "
        "name=\"domain\">{}</select></div>",
        label, options);
}

/// A form that only asks for another page.
Html search(const Visit& visit, const Html& fields) {
    return html(
        "<form method=\"get\" action=\"/admin/{}\" role=\"search\"><div "
        "class=\"row\">{}<button>Show</button></div></form>\n",
        visit.page(), fields);
}

Html field(std::string_view name, std::string_view label, std::string_view value = {},
           std::string_view type = "text", std::string_view hint = {}) {
    return html(
        "<div><label for=\"{}\">{}</label><input id=\"{}\" name=\"{}\" type=\"{}\" value=\"{}\" "
        "autocomplete=\"off\" placeholder=\"{}\"></div>",
        name, label, name, name, type, value, hint);
}

std::vector<std::string> services_of(const Visit& visit, std::string_view module) {
    std::vector<std::string> found;
    const core::Domains& domains = visit.here().domains();
    for (const auto& service : domains.services())
        if (service.module == module &&
            visit.rights().administers(domains.host_over(service.domain)))
            found.push_back(service.domain);
    return found;
}

// --- overview -----------------------------------------------------------------------------------

Html alarms_of(const json::object& status) {
    const json::value* const alarms = status.if_contains("alarms");
    if (!alarms || !alarms->is_array() || alarms->get_array().empty())
        return html("<p class=\"good\">No alarms.</p>");
    Html all;
    for (const auto& alarm : alarms->get_array())
        all += html(
            "<div class=\"warn\" role=\"alert\"><strong>{}</strong><br>Next: <code>{}</code></div>",
            core::text(alarm.as_object(), "what"), core::text(alarm.as_object(), "next"));
    return all;
}

Html figure(std::string_view title, const json::object& record, std::string_view key) {
    const json::value* const value = record.if_contains(key);
    return html("<div class=\"card\"><h2>{}</h2><p class=\"figure\">{}</p></div>", title,
                value ? text_of(*value) : std::string("-"));
}

std::vector<float> values_of(const json::object& series) {
    std::vector<float> values;
    const json::value* const list = series.if_contains("values");
    if (list && list->is_array())
        for (const auto& each : list->get_array())
            values.push_back(each.is_number() ? each.to_number<float>() : std::nanf(""));
    return values;
}

/// How the figures of the server went over the last day.
Task<Html> charts(const Visit& visit) {
    const auto known = co_await visit.run("history", json::object());
    if (!known) co_return Html();
    Html all;
    for (const auto& figure : known->as_object().at("figures").as_array()) {
        json::object one = named("name", core::text(figure.as_object(), "name"));
        const auto series = co_await visit.run("history", std::move(one));
        if (!series) continue;
        const json::object& record = series->as_object();
        all +=
            html("<div class=\"card\">{}</div>\n",
                 chart(core::text(record, "what"), core::text(record, "unit"), values_of(record)));
    }
    co_return html("<h2>The last day</h2><div class=\"grid\">{}</div>", all);
}

std::string days_and_hours(std::int64_t seconds) {
    return std::to_string(seconds / 86400) + " d " + std::to_string(seconds / 3600 % 24) + " h " +
           std::to_string(seconds / 60 % 60) + " min";
}

Task<HttpResponse> overview(const Visit& visit) {
    const auto status = co_await visit.run("status", json::object());
    Html body;
    if (status) {
        const json::object& record = status->as_object();
        body = alarms_of(record);
        Html figures = figure("Accounts", record, "accounts");
        figures += figure("Connected sessions", record, "sessions_connected");
        figures += figure("Hibernating sessions in memory", record, "sessions_asleep_loaded");
        figures += figure("Bytes waiting to be stored", record, "storage_backlog_bytes");
        body += html("<div class=\"grid figures\">{}</div>\n", figures);
        body += co_await charts(visit);
        Html listening;
        for (const auto& each : record.at("listening").as_array())
            listening += html("<li>{}</li>", text_of(each));
        body += card(
            "Server",
            html("<p>Version {}, up for {}.</p><ul>{}</ul>", core::text(record, "version"),
                 days_and_hours(record.at("uptime_seconds").to_number<std::int64_t>()), listening));
    }
    Html hosts;
    for (const std::string& host : visit.rights().hosts)
        hosts += html("<li><a href=\"/admin/accounts?domain={}\">{}</a></li>",
                      core::percent_encode(host), host);
    body += card("Domains that you administer", html("<ul>{}</ul>", hosts));
    co_return console_page(visit, "Overview", html("<div data-refresh=\"60\">{}</div>", body));
}

// --- accounts -----------------------------------------------------------------------------------

Html add_account(const Visit& visit, const std::string& domain) {
    Html inside = html("<div class=\"row\">{}{}<button>Create</button></div>",
                       field("jid", "Address", {}, "text", "name@" + domain),
                       field("password", "Password", {}, "password"));
    return card("Create an account",
                visit.form("run", inside,
                           {{"command", "user add"},
                            {"back", "/admin/accounts?domain=" + core::percent_encode(domain)}}));
}

Task<HttpResponse> accounts(const Visit& visit) {
    const std::string domain = chosen(visit, visit.rights().hosts);
    const std::string_view match = visit.asked("match");
    Html lead = choice("Domain", visit.rights().hosts, domain);
    lead += field("match", "Name has", match);
    json::object arguments = named("domain", domain, "details", true, "limit", most_listed);
    if (!match.empty()) arguments["match"] = match;
    Html body = search(visit, lead);
    body += add_account(visit, domain);
    return page_of(visit, "Accounts", std::move(body),
                   {table("Accounts of " + domain, "user list", std::move(arguments))});
}

Html account_actions(const Visit& visit, const std::string& jid, bool disabled) {
    Html actions;
    if (disabled)
        actions += visit.button("Enable", "user enable", {{"jid", jid}});
    else
        actions +=
            visit.button("Disable", "user disable", {{"jid", jid}},
                         "Disable " + jid + "? Its sessions end, and nobody can log in to it.");
    actions += visit.button("End all sessions", "session kick", {{"jid", jid}},
                            "End all sessions of " + jid + "?");
    actions += visit.button("Notify its phones", "push ping", {{"jid", jid}});
    actions += visit.button("Test push", "push test", {{"jid", jid}});
    if (visit.may("invite create", jid))
        actions += visit.button("Link for a new password", "invite create",
                                {{"jid", jid}, {"reset", "1"}});
    actions += visit.button("Delete", "user delete", {{"jid", jid}},
                            "Delete " + jid + " and everything kept for it?");
    return actions;
}

std::vector<Section> parts_of_account(const Visit& visit, const std::string& jid) {
    Section sessions = table("Sessions", "session list", named("jid", jid));
    sessions.style.actions = [&visit](const json::object& record) {
        const std::string full(core::text(record, "jid"));
        return visit.button("End", "session kick", {{"jid", full}},
                            "End the session " + full + "?");
    };
    Section registrations = table("Push registrations", "push list", named("jid", jid));
    registrations.style.actions = [&visit, jid](const json::object& record) {
        return visit.button("Test", "push test",
                            {{"jid", jid},
                             {"service", std::string(core::text(record, "service"))},
                             {"node", std::string(core::text(record, "node"))}});
    };
    Section clients = table("Clients", "client list", named("jid", jid));
    clients.style.actions = [&visit, jid](const json::object& record) {
        const std::string id(core::text(record, "id"));
        return visit.button("Sign out", "client sign-out", {{"jid", jid}, {"id", id}},
                            "Sign out this client of " + jid + "?");
    };
    return {std::move(sessions), std::move(registrations), std::move(clients)};
}

Task<HttpResponse> account(const Visit& visit) {
    const std::string jid(visit.asked("jid"));
    json::object whom = named("jid", jid);
    const auto shown = co_await visit.run("user show", std::move(whom));
    if (!shown) co_return console_page(visit, "Account", problem(shown.error()), 404);
    const bool disabled = core::flag(shown->as_object(), "disabled");
    Html body = card("", html("{}<div>{}</div>", table_of(*visit.command("user show"), *shown),
                              account_actions(visit, jid, disabled)));
    std::vector<Section> parts = parts_of_account(visit, jid);
    co_return co_await page_of(visit, jid, std::move(body), std::move(parts));
}

// --- what is listed -----------------------------------------------------------------------------

Task<HttpResponse> sessions(const Visit& visit) {
    const std::vector<std::string>& hosts = visit.rights().hosts;
    const std::string domain = chosen(visit, hosts);
    return page_of(visit, "Sessions", search(visit, choice("Domain", hosts, domain)),
                   {table("Sessions of " + domain, "session list",
                          named("jid", domain, "limit", most_listed))});
}

Html push_service(const json::object& service) {
    const auto said = [&](std::string_view key) {
        const json::value* const value = service.if_contains(key);
        return value ? text_of(*value) : std::string();
    };
    Html errors;
    for (const auto& [condition, count] : service.at("errors").as_object())
        errors += html("{} {}; ", condition, text_of(count));
    const bool waits = !service.at("retry_in_seconds").is_null();
    Html state = waits ? html("<p class=\"bad\">Unreachable since {}; next attempt in {} s.</p>",
                              said("unreachable_since"), said("retry_in_seconds"))
                       : html("<p class=\"good\">Reachable.</p>");
    return card(
        core::text(service, "service"),
        html(
            "{}<dl><dt>Route</dt><dd>{}</dd><dt>Sent</dt><dd>{}, accepted {}, unanswered {}</dd>"
            "<dt>Latency</dt><dd>median {} ms, 99th percentile {} ms</dd><dt>Errors</dt><dd>{}</dd>"
            "<dt>Waiting</dt><dd>{}, under way {}</dd><dt>Switched off within a day</dt><dd>{}</dd>"
            "<dt>Last accepted</dt><dd>{}</dd><dt>Last error</dt><dd>{}</dd></dl>",
            state, said("route"), said("sent"), said("answered"), said("unanswered"),
            said("latency_p50_ms"), said("latency_p99_ms"), errors.empty() ? html("none") : errors,
            said("waiting"), said("outstanding"), said("disabled_within_a_day"),
            said("last_success"), said("last_error")));
}

Task<HttpResponse> push(const Visit& visit) {
    const auto services = co_await visit.run("push stats", json::object());
    if (!services) co_return console_page(visit, "Push", problem(services.error()), 403);
    Html body;
    for (const auto& service : services->as_array()) body += push_service(service.as_object());
    if (body.empty())
        body = html("<p class=\"soft\">Nothing was pushed since the server started.</p>");
    // All registrations would be every account of the server, read anew for each look.
    body +=
        html("<p class=\"soft\">Which phones have registered is on the page of each account.</p>");
    co_return console_page(visit, "Push", html("<div data-refresh=\"30\">{}</div>", body));
}

Task<HttpResponse> federation(const Visit& visit) {
    std::vector<Section> sections;
    if (visit.rights().whole_server)
        sections.push_back(table("Connections with other servers", "s2s list"));
    for (const std::string& host : visit.rights().hosts)
        sections.push_back(table(host + ": who is shut out, and who alone is let in",
                                 "federation list", named("host", host)));
    return page_of(visit, "Federation", Html(), std::move(sections));
}

Task<HttpResponse> rooms(const Visit& visit) {
    const std::vector<std::string> services = services_of(visit, "muc");
    const std::string domain = chosen(visit, services);
    Section list =
        table("Rooms of " + domain, "room list", named("domain", domain, "limit", most_listed));
    list.style.account_link = "/admin/room?room=";
    std::vector<Section> sections;
    if (!domain.empty()) sections.push_back(std::move(list));
    return page_of(visit, "Rooms",
                   domain.empty() ? html("<p>No service of rooms.</p>")
                                  : search(visit, choice("Service", services, domain)),
                   std::move(sections));
}

Task<HttpResponse> room(const Visit& visit) {
    const std::string address(visit.asked("room"));
    json::object which = named("room", address);
    const auto shown = co_await visit.run("room show", std::move(which));
    if (!shown) co_return console_page(visit, "Room", problem(shown.error()), 404);
    Html body = card("", html("{}<div>{}</div>", table_of(*visit.command("room show"), *shown),
                              visit.button("Destroy", "room destroy", {{"room", address}},
                                           "Destroy " + address + " for good?")));
    co_return console_page(visit, address, std::move(body));
}

Task<HttpResponse> storage(const Visit& visit) {
    std::vector<Section> sections;
    Html lead;
    const auto status = co_await visit.run("status", json::object());
    if (status)
        lead = html(
            "<div class=\"grid figures\">{}{}{}</div>\n",
            figure("Bytes of the database on the disk", status->as_object(), "database_bytes"),
            figure("Bytes free on that disk", status->as_object(), "database_free_bytes"),
            figure("Bytes waiting to be stored", status->as_object(), "storage_backlog_bytes"));
    if (visit.rights().whole_server) {
        sections.push_back(table("Archives", "archive stats"));
        sections.push_back(table("Uploads", "upload stats"));
    } else {
        for (const std::string& host : visit.rights().hosts)
            sections.push_back(table(host, "archive stats", named("jid", host)));
    }
    co_return co_await page_of(visit, "Storage", std::move(lead), std::move(sections));
}

Html invite(const Visit& visit, const std::string& domain) {
    Html fields = field("name", "For the name (may be empty)");
    fields += field("expires", "Valid for", "7d");
    fields += field("uses", "Uses", "1", "number");
    return card(
        "Create an invitation",
        visit.form("run", html("<div class=\"row\">{}<button>Create</button></div>", fields),
                   {{"command", "invite create"},
                    {"jid", domain},
                    {"back", "/admin/invitations?domain=" + core::percent_encode(domain)}}));
}

Task<HttpResponse> invitations(const Visit& visit) {
    const std::string domain = chosen(visit, visit.rights().hosts);
    Section open = table("Open invitations of " + domain, "invite list", named("host", domain));
    open.style.actions = [&visit, domain](const json::object& record) {
        return visit.button("Revoke", "invite revoke",
                            {{"host", domain}, {"id", std::string(core::text(record, "id"))}},
                            "Revoke this invitation?");
    };
    Html lead = search(visit, choice("Domain", visit.rights().hosts, domain));
    lead += invite(visit, domain);
    return page_of(visit, "Invitations", std::move(lead), {std::move(open)});
}

Task<HttpResponse> reports(const Visit& visit) {
    std::vector<Section> sections;
    for (const std::string& host : visit.rights().hosts) {
        Section list = table(host, "report list", named("domain", host));
        list.style.actions = [&visit, host](const json::object& record) {
            return visit.button("Dismiss", "report dismiss",
                                {{"domain", host}, {"id", std::string(core::text(record, "id"))}});
        };
        sections.push_back(std::move(list));
    }
    return page_of(visit, "Reports of spam and abuse", Html(), std::move(sections));
}

Task<HttpResponse> log(const Visit& visit) {
    std::vector<Section> sections{table("The last lines", "log tail", named("lines", most_listed))};
    const Html lines = co_await answers(visit, std::move(sections));
    co_return console_page(visit, "Log", html("<div data-refresh=\"10\">{}</div>", lines));
}

Task<HttpResponse> nothing_here(const Visit& visit) {
    co_return console_page(visit, "Nothing here", html("<p>There is no such page.</p>"), 404);
}

using Page = Task<HttpResponse> (*)(const Visit&);
constexpr std::array<std::pair<std::string_view, Page>, 12> pages{{{"", overview},
                                                                   {"accounts", accounts},
                                                                   {"account", account},
                                                                   {"sessions", sessions},
                                                                   {"push", push},
                                                                   {"federation", federation},
                                                                   {"rooms", rooms},
                                                                   {"room", room},
                                                                   {"storage", storage},
                                                                   {"invitations", invitations},
                                                                   {"reports", reports},
                                                                   {"log", log}}};

}  // namespace

Task<HttpResponse> admin_page(const Visit& visit) {
    for (const auto& [name, page] : pages)
        if (name == visit.page()) return page(visit);
    return nothing_here(visit);
}

}  // namespace clarion::app
