// Which host a request over HTTP is for, and where browsers find it.
#include "server/core/http/http_host.h"

#include <doctest/doctest.h>

#include "server/core/http_options.h"
#include "server/core/http/http_routes.h"

namespace clarion::core {
namespace {

std::shared_ptr<const Config> config_of(std::string_view text) {
    static const OptionRegistry registry = [] {
        OptionRegistry made;
        made.add<HttpOptions>();
        return made;
    }();
    auto config = parse_config(registry, text, "test.toml");
    REQUIRE(config);
    return *config;
}

Domains two_hosts() {
    Domains domains;
    domains.add_host("example.org");
    domains.add_host("m\xc3\xbcnchen.example");
    return domains;
}

TEST_CASE("a request is for the host that it names, in ASCII or not") {
    const auto config = config_of("");
    const Domains domains = two_hosts();
    CHECK(http_host(domains, *config, "example.org") == "example.org");
    CHECK(http_host(domains, *config, "xn--mnchen-3ya.example") == "m\xc3\xbcnchen.example");
    for (const char* other : {"", "www.example.org", "localhost", "127.0.0.1", "[::1]"})
        CHECK_FALSE(http_host(domains, *config, other));
}

TEST_CASE("the name in external_url is as good, if it is one host's alone") {
    const Domains domains = two_hosts();
    const auto own = config_of(
        "[host.\"example.org\".http]\nexternal_url = \"https://Chat.example.org:8443\"\n");
    CHECK(http_host(domains, *own, "chat.example.org") == "example.org");
    const auto shared = config_of("[http]\nexternal_url = \"https://chat.example.org/xmpp\"\n");
    CHECK_FALSE(http_host(domains, *shared, "chat.example.org"));
}

TEST_CASE("by an address anybody may ask, so it stands for nobody") {
    Domains domains;
    domains.add_host("example.org");
    for (const char* name : {"localhost", "192.0.2.1", "[2001:db8::1]"}) {
        const auto config =
            config_of("[http]\nexternal_url = \"https://" + std::string(name) + "\"\n");
        CHECK_FALSE(http_host(domains, *config, name));
    }
    domains.add_host("localhost");
    CHECK(http_host(domains, *config_of(""), "localhost") == "localhost");
}

TEST_CASE("the URL of a host is written in ASCII") {
    const auto config = config_of("");
    HttpRoutes routes;
    CHECK(routes.base_url(*config, "example.org").empty());
    routes.set_listener("https", 5281);
    CHECK(routes.base_url(*config, "example.org") == "https://example.org:5281");
    CHECK(routes.base_url(*config, "m\xc3\xbcnchen.example") ==
          "https://xn--mnchen-3ya.example:5281");
}

}  // namespace
}  // namespace clarion::core
