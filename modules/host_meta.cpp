#include "modules/host_meta.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "proto/jid.h"
#include "proto/xml.h"
#include "proto/xml_writer.h"
#include "server/core/http/http_host.h"
#include "server/core/options.h"

namespace clarion::host_meta {

namespace json = boost::json;
using core::Context;
using core::HttpRequest;
using core::HttpResponse;

namespace {

constexpr std::string_view ns_xrd = "http://docs.oasis-open.org/ns/xri/xrd-1.0";
constexpr std::string_view relation = "urn:xmpp:alt-connections:";
/// All ways lead to one machine, so that there is nothing to balance.
constexpr int weight = 1;
constexpr std::size_t sha256_size = 32;

void add(std::vector<Link>& links, std::string_view name, std::string href, std::int64_t port) {
    const int priority = static_cast<int>(links.size() + 1) * 10;
    links.push_back({std::string(relation).append(name), std::move(href), port, priority});
}

/// What XEP-0487 wants to know of each.
void say_where(json::object& link, const Link& of, const HostMeta& meta) {
    json::array ips;
    for (const std::string& ip : meta.options.ips) ips.emplace_back(ip);
    link["ips"] = std::move(ips);
    link["priority"] = of.priority;
    link["weight"] = weight;
    link["sni"] = meta.options.sni.empty() ? meta.host : meta.options.sni;
}

json::object xmpp_object(const HostMetaOptions& options) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.ttl);
    json::object result{{"ttl", seconds.count()}};
    if (options.public_key_pins.empty()) return result;
    json::array pins;
    for (const std::string& pin : options.public_key_pins) pins.emplace_back(pin);
    result["public-key-pins-sha-256"] = std::move(pins);
    return result;
}

bool is_off(const Context& here, const std::string& host) {
    const auto& off = here.options<core::ModulesOptions>(host).disabled;
    return std::find(off.begin(), off.end(), "host_meta") != off.end();
}

std::optional<HostMeta> meta_for(const Context& here, const HttpRequest& request) {
    const auto host = core::http_host(here.domains(), here.config(), request.host);
    if (!host || is_off(here, *host)) return std::nullopt;
    const auto& options = here.options<HostMetaOptions>(*host);
    const auto& routes = here.http_routes();
    const auto ascii = domain_to_ascii(*host);
    return HostMeta{ascii ? *ascii : *host,
                    links_of(routes.base_url(here.config(), *host), routes.paths(), options),
                    options};
}

HttpResponse document(std::string_view type, std::string text, Duration ttl) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ttl);
    HttpResponse response;
    response.fields.emplace_back("Content-Type", std::string(type));
    response.fields.emplace_back("Cache-Control", "max-age=" + std::to_string(seconds.count()));
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    response.body = std::move(text);
    return response;
}

Task<HttpResponse> answer_xrd(Context& here, HttpRequest request) {
    const auto meta = meta_for(here, request);
    if (!meta) co_return core::http_text(404, "no such host here");
    co_return document("application/xrd+xml; charset=utf-8", to_xrd(*meta), meta->options.ttl);
}

Task<HttpResponse> answer_jrd(Context& here, HttpRequest request) {
    const auto meta = meta_for(here, request);
    if (!meta) co_return core::http_text(404, "no such host here");
    co_return document("application/json", to_jrd(*meta), meta->options.ttl);
}

/// Whether it looks like an address; which one it is, clients find out.
bool is_ip(std::string_view text) {
    const bool v6 = text.find(':') != std::string_view::npos;
    return !text.empty() && text.find_first_not_of(v6 ? "0123456789abcdefABCDEF:."
                                                      : "0123456789.") == std::string_view::npos;
}

Result<> check(const HostMetaOptions& options) {
    for (const std::string& ip : options.ips)
        if (!is_ip(ip)) return fail(error_code::config, "ips: '" + ip + "' is no IP address");
    for (const std::string& pin : options.public_key_pins)
        if (const auto hash = base64_decode(pin); !hash || hash->size() != sha256_size)
            return fail(error_code::config,
                        "public_key_pins: '" + pin + "' is no SHA-256 hash in base64");
    if (!options.ips.empty()) return {};
    if (options.tls_port != 0 || options.s2s_tls_port != 0 || !options.public_key_pins.empty())
        return fail(error_code::config, "ports and pins are announced with ips only");
    return {};
}

}  // namespace

std::vector<Link> links_of(std::string_view base_url, const core::HttpPaths& paths,
                           const HostMetaOptions& options) {
    constexpr std::string_view https = "https://";
    std::vector<Link> links;
    if (options.tls_port != 0) add(links, "tls", {}, options.tls_port);
    if (base_url.starts_with(https)) {
        const std::string behind(base_url.substr(https.size()));
        if (!paths.websocket.empty())
            add(links, "websocket", "wss://" + behind + paths.websocket, 0);
        if (!paths.bosh.empty()) add(links, "xbosh", std::string(base_url) + paths.bosh, 0);
    }
    if (options.s2s_tls_port != 0) add(links, "s2s-tls", {}, options.s2s_tls_port);
    return links;
}

std::string to_xrd(const HostMeta& meta) {
    xml::Document document("XRD", ns_xrd);
    for (const Link& link : meta.links)
        if (!link.href.empty())
            document.root().add("Link").set_attr("rel", link.rel).set_attr("href", link.href);
    return "<?xml version='1.0' encoding='utf-8'?>\n" + xml::to_string(document.root()) + "\n";
}

std::string to_jrd(const HostMeta& meta) {
    const bool complete = !meta.options.ips.empty();
    json::object document;
    if (complete) document["xmpp"] = xmpp_object(meta.options);
    json::array links;
    for (const Link& link : meta.links) {
        json::object described{{"rel", link.rel}};
        if (link.port != 0)
            described["port"] = link.port;
        else
            described["href"] = link.href;
        if (complete) say_where(described, link, meta);
        links.push_back(std::move(described));
    }
    document["links"] = std::move(links);
    return json::serialize(document) + "\n";
}

void HostMetaOptions::declare(OptionTable<HostMetaOptions>& t) {
    using namespace std::chrono_literals;
    t.section("host_meta",
              "What is said at /.well-known/host-meta and host-meta.json to clients that look for "
              "WebSocket and BOSH (XEP-0156), and with `ips` for every way to connect (XEP-0487). "
              "Where that is: [http] external_url.")
        .per_host()
        .live();
    t.add("ttl", &HostMetaOptions::ttl)
        .min(1min)
        .max(7 * 24h)
        .doc("How long the answer may be kept.");
    t.add("ips", &HostMetaOptions::ips)
        .doc(
            "The public IP addresses of this server. If there are any, host-meta.json is also the "
            "document of XEP-0487: clients that know that look for nothing else, SRV records "
            "neither, so what is said here must be complete. Empty: XEP-0156 alone.");
    t.add("sni", &HostMetaOptions::sni)
        .doc("With ips: the name that is to be asked for in TLS. Empty: the domain.");
    t.add("tls_port", &HostMetaOptions::tls_port)
        .min(0)
        .max(65535)
        .doc(
            "With ips: the port, as it is seen from outside, at which clients find TLS from the "
            "start; 0: it is not announced.");
    t.add("s2s_tls_port", &HostMetaOptions::s2s_tls_port)
        .min(0)
        .max(65535)
        .doc("The same for servers.");
    t.add("public_key_pins", &HostMetaOptions::public_key_pins)
        .doc(
            "With ips: SHA-256 hashes, in base64, of the public keys that are trusted whatever "
            "their certificates say (RFC 7469). A key must be announced here for twice the ttl "
            "before it is used, and one that is not is refused.");
    t.check(check);
}

void declare_options(OptionRegistry& registry) { registry.add<HostMetaOptions>(); }

void install(core::ModuleSetup& setup) {
    setup.serve_http({.path = "/.well-known/host-meta",
                      .methods = {"GET"},
                      .cors = core::HttpCors::any_origin,
                      .handle = answer_xrd});
    setup.serve_http({.path = "/.well-known/host-meta.json",
                      .methods = {"GET"},
                      .cors = core::HttpCors::any_origin,
                      .handle = answer_jrd});
}

}  // namespace clarion::host_meta
