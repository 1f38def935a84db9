// cert check: what clients and servers see of a domain's certificate, listeners and DNS.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "proto/jid.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/certificate_report.h"
#include "server/app/tls_probe.h"
#include "server/core/http/http_target.h"
#include "server/core/http/http_routes.h"
#include "server/core/options.h"
#include "server/net/dns/resolver.h"
#include "server/net/listener_types.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/shard_net.h"
#include "server/runtime/shard.h"

namespace clarion::app {

namespace json = boost::json;
using core::Context;

namespace {

/// A type of listener that shows certificates.
struct Kind {
    std::string_view type;
    std::string_view content_ns;  // empty: TLS from the start
    std::string_view alpn;
    std::string_view service;  // what announces it in DNS; empty: nothing does
    std::string_view who;
    bool for_hosts_only;
};

constexpr std::array<Kind, 5> kinds{{
    {"c2s", "jabber:client", "", "_xmpp-client", "clients", true},
    {"c2s-tls", "", "xmpp-client", "_xmpps-client", "clients", true},
    {"s2s", "jabber:server", "", "_xmpp-server", "servers", false},
    {"s2s-tls", "", "xmpp-server", "_xmpps-server", "servers", false},
    {"https", "", "http/1.1", "", "browsers", true},
}};

struct Listening {
    const Kind* kind;
    std::string address;
    std::uint16_t port;
    std::string title() const {
        return std::string(kind->type) + " " + address + ":" + std::to_string(port);
    }
};

/// What a check knows, and what it has found.
struct Check {
    std::string domain, ascii;
    bool is_host = false;
    WallTime now{};
    Duration warning{};
    std::string web_name;  // by which browsers come; empty: by the domain
    std::vector<std::string> chain{};
    std::vector<Listening> listening{};
    bool names_domain = false, trusted = false;
    std::vector<CheckRow> rows{};

    void add(std::string check, std::string_view result, std::string detail) {
        rows.push_back({std::move(check), std::string(result), std::move(detail)});
    }
    bool listens(std::string_view type) const {
        return std::any_of(listening.begin(), listening.end(),
                           [&](const Listening& each) { return each.kind->type == type; });
    }
    /// A listener for https takes clients with TLS from the start, too.
    bool listens(std::string_view type, std::uint16_t port) const {
        return std::any_of(listening.begin(), listening.end(), [&](const Listening& each) {
            const bool fits =
                each.kind->type == type || (type == "c2s-tls" && each.kind->type == "https");
            return fits && each.port == port;
        });
    }
};

/// Where this machine reaches what listens there.
std::string reachable(const std::string& address) {
    return address == "::" || address == "0.0.0.0" ? "127.0.0.1" : address;
}

std::vector<Listening> listeners_for(const Context& here, bool is_host) {
    std::vector<Listening> result;
    for (const auto& options : here.config().list<net::ListenOptions>()) {
        const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& each) {
            return each.type == options.type && (is_host || !each.for_hosts_only);
        });
        const auto type = net::find_listener_type(options.type);
        if (kind == kinds.end() || !type || options.address.find('/') != std::string::npos)
            continue;
        const auto port =
            options.port != 0 ? static_cast<std::uint16_t>(options.port) : (*type)->usual_port;
        result.push_back({&*kind, reachable(options.address), port});
    }
    return result;
}

// ---- The certificate, and what listeners show (on a worker) ---------------------------------------

void check_listener(Check& check, const Listening& at) {
    const bool web = at.kind->type == "https" && !check.web_name.empty();
    const std::string& name = web ? check.web_name : check.ascii;
    const auto probe = TlsProbe::open({.address = at.address,
                                       .port = at.port,
                                       .name = name,
                                       .to = check.domain,
                                       .content_ns = at.kind->content_ns,
                                       .alpn = at.kind->alpn});
    if (!probe) return check.add(at.title(), "failed", probe.error().text);
    const auto shown = probe->chain();
    const std::string what = probe->version() + ", asked for " + name + ": ";
    if (web && !serves_web_name(shown, name))
        return check.add(at.title(), "warning",
                         what +
                             "shows a certificate that is not made out to it, as [http] "
                             "external_url says browsers ask; a proxy before it may have one");
    if (web || shown == check.chain)
        return check.add(at.title(), "ok", what + "shows the certificate");
    check.add(at.title(), "failed",
              what + (shown.empty() || check.chain.empty() || shown.front() != check.chain.front()
                          ? "shows another certificate"
                          : "shows another chain"));
}

void check_certificate(Check& check) {
    if (check.chain.empty())
        return check.add(
            "certificate", "failed",
            "there is none: [tls] certificate and private_key are not set for " + check.domain);
    auto report = report_on(check.chain, check.domain, check.now, check.warning);
    check.names_domain = report.names_domain;
    check.trusted = report.trusted;
    for (auto& row : report.rows) check.rows.push_back(std::move(row));
    for (const Listening& each : check.listening) check_listener(check, each);
}

// ---- DNS -----------------------------------------------------------------------------------------

std::string text_of(const std::vector<srv::SrvRecord>& records) {
    std::string text;
    for (const auto& record : records)
        text += (text.empty() ? "" : ", ") + record.target + ":" + std::to_string(record.port);
    return text;
}

/// No record: what others do then, and whether that leads here.
void judge_absence(Check& check, const Kind& kind, const std::string& name) {
    if (kind.content_ns.empty())  // of direct TLS: nobody tries it unasked
        return check.add(
            name, check.listens(kind.type) ? "warning" : "ok",
            check.listens(kind.type)
                ? "no record, so nobody finds the listener of type " + std::string(kind.type)
                : "no record, and no such listener");
    const std::uint16_t usual = kind.type == "c2s" ? 5222 : 5269;
    const std::string what =
        "no record: " + std::string(kind.who) + " try " + check.ascii + ":" + std::to_string(usual);
    if (check.listens(kind.type, usual)) return check.add(name, "ok", what);
    check.add(name, "warning",
              what + ", where nothing of type " + std::string(kind.type) + " listens");
}

void judge_records(Check& check, const Kind& kind, const std::string& name,
                   const std::vector<srv::SrvRecord>& records) {
    if (records.empty()) return judge_absence(check, kind, name);
    const std::string type(kind.type);
    if (records.front().target == ".")
        return check.add(name, check.listens(type) ? "warning" : "ok",
                         "the domain says that it has no such service");
    const bool here = std::any_of(records.begin(), records.end(), [&](const srv::SrvRecord& each) {
        return check.listens(type, each.port);
    });
    check.add(name, here ? "ok" : "warning",
              text_of(records) + (here ? ""
                                       : ": no listener of type " + type +
                                             " has that port; something must forward it"));
}

Task<> check_dns(App& app, Check& check) {
    for (const Kind& kind : kinds) {
        if (kind.service.empty() || (kind.for_hosts_only && !check.is_host)) continue;
        const std::string name = std::string(kind.service) + "._tcp";
        std::string asked = name + "." + check.ascii;
        const auto records = co_await app.s2s(0).resolver().records(std::move(asked));
        if (records)
            judge_records(check, kind, name, *records);
        else
            check.add(name, "warning", "cannot be looked up: " + records.error().text);
    }
}

// ---- Federation, and browsers --------------------------------------------------------------------

void check_federation(Check& check) {
    std::string missing;
    const auto lacks = [&](bool there, std::string_view what) {
        if (!there) missing.append(missing.empty() ? "" : "; ").append(what);
    };
    lacks(check.listens("s2s") || check.listens("s2s-tls"),
          "no [[listen]] type = \"s2s\", so no server can connect");
    lacks(!check.chain.empty(), "no certificate");
    lacks(check.chain.empty() || check.names_domain, "the certificate does not name the domain");
    lacks(check.chain.empty() || check.trusted,
          "the certificate is not trusted publicly: most servers refuse it");
    if (missing.empty())
        check.add("federation", "ok", "servers can connect, and the certificate proves the domain");
    else
        check.add("federation", "failed", missing);
}

struct HostMetaPlace {
    std::string base;  // "https://chat.example.org:5281"
    std::string link;  // that its documents must have
};

std::optional<HostMetaPlace> host_meta_place(const Context& here, const std::string& domain) {
    const auto& routes = here.http_routes();
    HostMetaPlace place{routes.base_url(here.config(), domain), {}};
    if (!place.base.starts_with("https://")) return std::nullopt;
    const auto& paths = routes.paths();
    if (paths.websocket.empty() && paths.bosh.empty()) return std::nullopt;
    place.link = paths.websocket.empty() ? place.base + paths.bosh
                                         : "wss" + place.base.substr(5) + paths.websocket;
    return place;
}

void judge_host_meta(Check& check, const HostMetaPlace& place, const Result<WebAnswer>& answer) {
    const std::string at = "https://" + check.ascii + "/.well-known/host-meta";
    const std::string redirect =
        "Have the web server there redirect /.well-known/host-meta and "
        "/.well-known/host-meta.json to " +
        place.base + "/.well-known/…";
    if (!answer)
        return check.add(
            "host-meta", "warning",
            at + ": " + answer.error().text + ". Browsers do not find this server. " + redirect);
    if (answer->location.starts_with(place.base + "/.well-known/host-meta"))
        return check.add("host-meta", "ok", at + " redirects to this server");
    if (answer->status == 200 && answer->body.find(place.link) != std::string::npos)
        return check.add("host-meta", "ok", at + " says " + place.link);
    check.add("host-meta", "failed",
              at + " answers " + std::to_string(answer->status) + " without " + place.link +
                  ": another web server. " + redirect);
}

Task<> check_host_meta(App& app, Check& check) {
    const auto place = host_meta_place(app.context(), check.domain);
    if (!place) {
        check.add("host-meta", "ok", "no WebSocket or BOSH is offered over https: nothing to find");
        co_return;
    }
    const auto found = co_await app.s2s(0).resolver().addresses(check.ascii);
    Result<WebAnswer> answer = fail("probe", "it has no address");
    if (found && !found->empty()) {
        const std::string address = found->front(), host = check.ascii;
        const auto ask = [&] { answer = ask_web(address, host, "/.well-known/host-meta"); };
        co_await app.context().shard().offload(ask);
    } else if (!found) {
        answer = found.error();
    }
    judge_host_meta(check, *place, answer);
}

/// The last line says what came of all: clarionctl ends with 1 if that is "failed".
void conclude(Check& check) {
    const auto count = [&](std::string_view result) {
        return std::count_if(check.rows.begin(), check.rows.end(),
                             [&](const CheckRow& row) { return row.result == result; });
    };
    const auto failed = count("failed"), warnings = count("warning");
    const std::string_view worst = failed > 0 ? "failed" : warnings > 0 ? "warning" : "ok";
    check.add("all", worst,
              std::to_string(failed) + " failed, " + std::to_string(warnings) +
                  (warnings == 1 ? " warning" : " warnings"));
}

// ---- The command ---------------------------------------------------------------------------------

Result<Check> prepare(App& app, const json::object& arguments) {
    const Context& here = app.context();
    auto domain = prepare_domain(core::text(arguments, "domain"));
    if (!domain) return fail(error_code::usage, "domain: " + domain.error().text);
    if (!here.domains().is_ours(*domain))
        return fail(error_code::item_not_found, *domain + " is no domain of this server");
    const auto ascii = domain_to_ascii(*domain);
    const std::string web = core::host_of_url(here.http_routes().base_url(here.config(), *domain));
    Check check{.domain = *domain,
                .ascii = ascii ? *ascii : *domain,
                .is_host = here.domains().is_host(*domain),
                .now = here.clock().wall(),
                .warning = here.options<core::TlsOptions>(*domain).expiry_warning,
                .web_name = web == (ascii ? *ascii : *domain) ? "" : web};
    check.chain = chain_of(app.net(0).tls()->context_for(*domain));
    check.listening = listeners_for(here, check.is_host);
    return check;
}

Task<Result<json::value>> check(App& app, const json::object& arguments) {
    auto prepared = prepare(app, arguments);
    if (!prepared) co_return prepared.error();
    Check& checked = *prepared;
    const auto look = [&checked] { check_certificate(checked); };
    co_await app.context().shard().offload(look);
    co_await check_dns(app, checked);
    check_federation(checked);
    if (checked.is_host) co_await check_host_meta(app, checked);
    conclude(checked);
    json::array rows;
    for (const auto& row : checked.rows)
        rows.push_back({{"check", row.check}, {"result", row.result}, {"detail", row.detail}});
    co_return json::value(std::move(rows));
}

}  // namespace

core::AdminArea certificate_commands(App& app) {
    return {
        .name = "cert",
        .help = "certificates",
        .commands = {
            {.name = "cert check",
             .help = "look at a domain as clients and servers do: its certificate and chain, what "
                     "the listeners show, DNS, and what is missing for federation and browsers",
             .arguments = {{.name = "domain",
                            .kind = core::ArgumentKind::domain,
                            .use = core::ArgumentUse::required,
                            .help = "a domain of this server"}},
             .columns = {{"check", "check"}, {"result", "result"}, {"detail", "detail"}},
             .run = with(app, check),
             .whole_server = true}}};  // it connects to where the domain's DNS says
}

}  // namespace clarion::app
