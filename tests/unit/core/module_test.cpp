#include "server/core/setup/module.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "server/core/events/host_events.h"
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

namespace {

/// Takes what is said to example.org by messages, and requests that have its payload.
void install_taker(ModuleSetup& setup) {
    setup.on<events::HostReceiving>(
        events::HostReceiving::Stage::take, [](events::HostReceiving& event) {
            const Stanza& stanza = *event.envelope.stanza;
            const bool mine = stanza.is_message() || stanza.root().child("urn:taken", "query");
            return event.host == "example.org" && mine ? Flow::stop : Flow::next;
        });
}

}  // namespace

TEST_CASE("what a module takes that was for a host goes no further") {
    World world({.modules = {{.name = "taker", .install = install_taker}}});
    world.add_account("romeo@example.org");
    Client& romeo = world.log_in("romeo@example.org/orchard");
    const auto say = [&](std::string_view to) {
        romeo.send("<message to='" + std::string(to) + "' id='m'><body>x</body></message>");
        return std::string(romeo.pop("message").root().attr("type"));
    };
    CHECK(say("example.org") == "");
    CHECK(say("example.org/anything") == "");
    CHECK(say("example.net") == "error");
    const auto ask = [&](std::string_view payload) {
        romeo.send("<iq type='get' id='q' to='example.org'><query xmlns='" + std::string(payload) +
                   "'/></iq>");
        return std::string(romeo.pop("iq").root().attr("type"));
    };
    CHECK(ask("urn:taken") == "");
    CHECK(ask("urn:other") == "error");
}
