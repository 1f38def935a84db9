#include "server/core/setup/module.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "server/core/options.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using test::Client;
using test::World;

namespace {

ModuleRow serving(std::string_view name, DeclareDomains domains) {
    return {.name = name, .install = [](ModuleSetup&) {}, .domains = domains};
}

std::vector<ServiceDomain> under_each_host(const Config&, std::span<const std::string> hosts) {
    std::vector<ServiceDomain> all;
    for (const std::string& host : hosts) all.push_back({.domain = "rooms." + host});
    return all;
}

std::vector<ServiceDomain> the_host_itself(const Config&, std::span<const std::string>) {
    return {{.domain = "example.org"}};
}

std::vector<ServiceDomain> that_of_a_component(const Config&, std::span<const std::string>) {
    return {{.domain = "gw.example.org"}};
}

/// What is said of these rows by a server of example.org with the component gw.example.org.
std::string declare(std::vector<ModuleRow> rows) {
    OptionRegistry registry;
    declare_options(registry);
    const auto config = parse_config(registry, "[server]\ndomains = [\"example.org\"]\n", "test");
    REQUIRE(config);
    Domains domains;
    domains.add_host("example.org");
    domains.add_component("gw.example.org");
    const auto declared = declare_services(rows, **config, domains);
    if (declared) return "";
    CHECK(declared.error().is(error_code::config));
    return declared.error().text;
}

}  // namespace

TEST_CASE("a module cannot serve a domain that is taken") {
    CHECK(declare({serving("rooms", under_each_host)}) == "");
    const std::string rest = " is served otherwise already";
    CHECK(declare({serving("rooms", under_each_host), serving("more", under_each_host)}) ==
          "module more: the domain rooms.example.org" + rest);
    CHECK(declare({serving("host", the_host_itself)}) ==
          "module host: the domain example.org" + rest);
    CHECK(declare({serving("gateway", that_of_a_component)}) ==
          "module gateway: the domain gw.example.org" + rest);
}
