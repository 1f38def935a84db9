// /.well-known/host-meta and host-meta.json.
#include "modules/host_meta.h"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "tests/support/web.h"

using namespace clarion;
using namespace clarion::test;
using host_meta::HostMeta;
using host_meta::HostMetaOptions;
using host_meta::links_of;
namespace json = boost::json;

namespace {

constexpr const char* pin = "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ=";

const core::HttpPaths both{"/ws", "/http-bind"};

struct Web {
    explicit Web(std::string config)
        : world({.modules = {{.name = "host_meta",
                              .install = host_meta::install,
                              .declare_options = host_meta::declare_options}},
                 .config = std::move(config)}) {
        for (unsigned i = 0; i < 2; ++i) {
            world.core(i).http_routes().set_listener("https", 443);
            world.core(i).http_routes().set_paths(both);
        }
    }
    World world;
};

core::HttpRequest get(std::string path, std::string host) {
    core::HttpRequest request;
    request.method = "GET";
    request.path = std::move(path);
    request.host = std::move(host);
    return request;
}

}  // namespace

TEST_CASE("only what is encrypted is announced") {
    const auto links = links_of("https://example.org:5281", both, {});
    REQUIRE(links.size() == 2);
    CHECK(links[0].rel == "urn:xmpp:alt-connections:websocket");
    CHECK(links[0].href == "wss://example.org:5281/ws");
    CHECK(links[1].rel == "urn:xmpp:alt-connections:xbosh");
    CHECK(links[1].href == "https://example.org:5281/http-bind");
    CHECK(links_of("http://example.org:5280", both, {}).empty());
    CHECK(links_of("", both, {}).empty());
    CHECK(links_of("https://example.org", {"/ws", ""}, {}).size() == 1);
}

TEST_CASE("in XRD") {
    HostMeta meta{"example.org", links_of("https://example.org", both, {.tls_port = 5223}), {}};
    CHECK(host_meta::to_xrd(meta) ==
          "<?xml version='1.0' encoding='utf-8'?>\n"
          "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
          "<Link rel='urn:xmpp:alt-connections:websocket' href='wss://example.org/ws'/>"
          "<Link rel='urn:xmpp:alt-connections:xbosh' href='https://example.org/http-bind'/>"
          "</XRD>\n");
}

TEST_CASE("in JRD, and in the words of XEP-0487 where the addresses are known") {
    const HostMetaOptions usual;
    const auto plain = json::parse(
        host_meta::to_jrd({"example.org", links_of("https://example.org", both, usual), usual}));
    CHECK(plain == json::parse(R"({"links": [
        {"rel": "urn:xmpp:alt-connections:websocket", "href": "wss://example.org/ws"},
        {"rel": "urn:xmpp:alt-connections:xbosh", "href": "https://example.org/http-bind"}]})"));

    const HostMetaOptions full{.ttl = std::chrono::minutes(50),
                               .ips = {"192.0.2.1", "2001:db8::1"},
                               .sni = {},
                               .tls_port = 443,
                               .s2s_tls_port = 5270,
                               .public_key_pins = {pin}};
    const auto complete = json::parse(
        host_meta::to_jrd({"example.org", links_of("https://x.example.org", both, full), full}));
    CHECK(
        complete.at("xmpp") ==
        json::parse(std::string(R"({"ttl": 3000, "public-key-pins-sha-256": [")") + pin + "\"]}"));
    const auto& links = complete.at("links").as_array();
    REQUIRE(links.size() == 4);
    CHECK(links[0] == json::parse(R"({"rel": "urn:xmpp:alt-connections:tls", "port": 443,
        "ips": ["192.0.2.1", "2001:db8::1"], "priority": 10, "weight": 1, "sni": "example.org"})"));
    CHECK(links[1].at("href") == "wss://x.example.org/ws");
    CHECK(links[1].at("priority").as_int64() > links[0].at("priority").as_int64());
    CHECK(links[3].at("rel") == "urn:xmpp:alt-connections:s2s-tls");
    CHECK(links[3].at("port") == 5270);
}

TEST_CASE("each host has a document of its own, and no other name has one") {
    Web web(
        "[host.\"example.net\".http]\nexternal_url = \"https://web.example.net\"\n"
        "[host.\"example.net\".host_meta]\nttl = \"2h\"\n");
    const auto org = ask_web(web.world, get("/.well-known/host-meta", "example.org"));
    REQUIRE(org);
    CHECK(org->status == 200);
    CHECK(field(*org, "Content-Type") == "application/xrd+xml; charset=utf-8");
    CHECK(field(*org, "Cache-Control") == "max-age=3600");
    CHECK(std::get<std::string>(org->body).find("wss://example.org/ws") != std::string::npos);
    for (const char* name : {"example.net", "web.example.net"}) {
        const auto net = ask_web(web.world, get("/.well-known/host-meta.json", name));
        REQUIRE(net);
        CHECK(field(*net, "Content-Type") == "application/json");
        CHECK(field(*net, "Cache-Control") == "max-age=7200");
        CHECK(std::get<std::string>(net->body).find("wss://web.example.net/ws") !=
              std::string::npos);
    }
    for (const char* name : {"other.example", "localhost", "127.0.0.1", ""})
        CHECK(ask_web(web.world, get("/.well-known/host-meta.json", name))->status == 404);
}

TEST_CASE("a host without the module has none") {
    Web web("[host.\"example.net\".modules]\ndisabled = [\"host_meta\"]\n");
    CHECK(ask_web(web.world, get("/.well-known/host-meta", "example.net"))->status == 404);
    CHECK(ask_web(web.world, get("/.well-known/host-meta", "example.org"))->status == 200);
}

TEST_CASE("options of host-meta that do not fit are refused") {
    OptionRegistry registry;
    host_meta::declare_options(registry);
    const auto good = [&](std::string text) {
        return parse_config(registry, "[host_meta]\n" + text, "test.toml").ok();
    };
    CHECK(good("ips = [\"192.0.2.1\", \"2001:db8::1\"]\ntls_port = 5223\n"));
    CHECK(good("ips = [\"::1\"]\npublic_key_pins = [\"" + std::string(pin) + "\"]\n"));
    CHECK_FALSE(good("ips = [\"example.org\"]\n"));
    CHECK_FALSE(good("ips = [\"::1\"]\npublic_key_pins = [\"abc=\"]\n"));
    CHECK_FALSE(good("tls_port = 5223\n"));
}
