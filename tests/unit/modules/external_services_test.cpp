#include "modules/external_services.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "base/text.h"
#include "modules/disco.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "tests/support/world.h"

namespace clarion::external_services {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::World;

constexpr auto services =
    "[[external_service]]\ntype = \"stun\"\nhost = \"stun.example.org\"\nport = 3478\n"
    "[[external_service]]\ntype = \"turn\"\nhost = \"turn.example.org\"\nport = 3478\n"
    "secret = \"north\"\nlifetime = \"2h\"\n"
    "[[external_service]]\ntype = \"turn\"\nhost = \"turn.example.org\"\nport = 443\n"
    "transport = \"tcp\"\nusername = \"all\"\npassword = \"open\"\nname = \"by TCP\"\n"
    "[component.\"gateway.example.org\"]\nsecret = \"s\"\n";

World::Setup verona(const std::string& config) {
    return {.modules = {{.name = "disco", .install = disco::install},
                        {.name = "external_services",
                         .install = install,
                         .declare_options = declare_options}},
            .config = config};
}

struct Verona {
    World world{verona(services)};
    Client* romeo = nullptr;

    Verona() {
        world.add_account("romeo@example.org");
        romeo = &world.connect("romeo@example.org/orchard");
    }
    xml::Document ask(std::string_view payload) {
        return romeo->ask("<iq type='get' id='x' to='example.org'>" + std::string(payload) +
                          "</iq>");
    }
    std::string refusal(std::string_view payload) {
        const auto answer = ask(payload);
        CHECK(answer.root().attr("type") == "error");
        return std::string(name(read_error(answer.root()).condition));
    }
};

int count(const xml::Element& answer) {
    int found = 0;
    for (const xml::Element& service : answer.children()) found += service.name() == "service";
    return found;
}

TEST_CASE("a user name and password for an account, for a time") {
    const auto made = make_credentials("north", "romeo@example.org", WallTime(1'700'000'000s), 24h);
    CHECK(made.username == "1700086400:romeo@example.org");
    CHECK(made.password == "Xf6xs8igHtvmHwZzLGvasDyULcg=");
    CHECK(made.expires == WallTime(1'700'086'400s));
}

TEST_CASE_FIXTURE(Verona, "a local account is told of all services, and let in") {
    const auto answer = ask("<services xmlns='urn:xmpp:extdisco:2'/>");
    const xml::Element* list = answer.root().child(ns::extdisco, "services");
    REQUIRE(list);
    REQUIRE(count(*list) == 3);
    const xml::Element& stun = *list->first_child();
    CHECK(xml::to_string(stun) ==
          "<service xmlns='urn:xmpp:extdisco:2' type='stun' host='stun.example.org' port='3478' "
          "transport='udp'/>");
    const xml::Element& turn = *stun.next_sibling();
    const auto expires =
        std::chrono::floor<std::chrono::seconds>(world.clock().wall() + WallTime::duration(2h));
    CHECK(turn.attr("expires") == format_datetime(expires));
    CHECK(turn.attr("restricted") == "1");
    CHECK(turn.attr("username") ==
          std::to_string(expires.time_since_epoch().count()) + ":romeo@example.org");
    CHECK(turn.attr("password") ==
          base64_encode(crypto::hmac_sha1("north", turn.attr("username"))));
    CHECK(xml::to_string(*turn.next_sibling()) ==
          "<service xmlns='urn:xmpp:extdisco:2' type='turn' host='turn.example.org' port='443' "
          "transport='tcp' name='by TCP' restricted='1' username='all' password='open'/>");
}

TEST_CASE_FIXTURE(Verona, "each account has its own user name") {
    world.add_account("juliet@example.net");
    Client& juliet = world.connect("juliet@example.net/balcony");
    const auto answer = juliet.ask(
        "<iq type='get' id='x' to='example.net'><credentials xmlns='urn:xmpp:extdisco:2'>"
        "<service host='turn.example.org' type='turn' port='3478'/></credentials></iq>");
    const xml::Element* found = answer.root().child(ns::extdisco, "credentials");
    REQUIRE(found);
    CHECK(found->first_child()->attr("username").ends_with(":juliet@example.net"));
}

TEST_CASE_FIXTURE(Verona, "those of a type") {
    const auto turn = ask("<services xmlns='urn:xmpp:extdisco:2' type='turn'/>");
    const xml::Element* list = turn.root().child(ns::extdisco, "services");
    REQUIRE(list);
    CHECK(list->attr("type") == "turn");
    CHECK(count(*list) == 2);
    const auto none = ask("<services xmlns='urn:xmpp:extdisco:2' type='ftp'/>");
    REQUIRE(none.root().child(ns::extdisco, "services"));
    CHECK(count(*none.root().child(ns::extdisco, "services")) == 0);
}

TEST_CASE_FIXTURE(Verona, "what lets into a service") {
    const auto credentials = [](std::string_view inside) {
        return "<credentials xmlns='urn:xmpp:extdisco:2'>" + std::string(inside) + "</credentials>";
    };
    const auto found = [&](std::string_view service) {
        const auto answer = ask(credentials(service));
        const xml::Element* list = answer.root().child(ns::extdisco, "credentials");
        return list ? count(*list) : 0;
    };
    CHECK(found("<service host='turn.example.org' type='turn'/>") == 2);
    CHECK(found("<service host='turn.example.org' type='turn' port='443'/>") == 1);
    CHECK(refusal(credentials("<service host='turn.example.org' type='turn' port='1'/>")) ==
          "item-not-found");
    CHECK(refusal(credentials("<service host='stun.example.org' type='stun'/>")) ==
          "item-not-found");  // lets everybody in
    CHECK(refusal(credentials("<service host='turn.example.org'/>")) == "bad-request");
    CHECK(refusal(credentials("")) == "bad-request");
}

TEST_CASE_FIXTURE(Verona, "nobody else is told") {
    test::FakeLink& gateway = world.attach_component("gateway.example.org");
    for (const char* payload : {"<services xmlns='urn:xmpp:extdisco:2'/>",
                                "<credentials xmlns='urn:xmpp:extdisco:2'><service "
                                "host='turn.example.org' type='turn'/></credentials>"}) {
        const std::string request = std::string("' to='example.org'>") + payload + "</iq>";
        world.arrive("<iq type='get' id='x' from='tybalt@example.com/square" + request);
        StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(read_error(answer->root()).condition == StanzaErrorCondition::forbidden);
        world.arrive("<iq type='get' id='x' from='user@gateway.example.org" + request);
        answer = gateway.pop();
        REQUIRE(answer);
        CHECK(read_error(answer->root()).condition == StanzaErrorCondition::forbidden);
    }
}

TEST_CASE("it is announced where there is something to ask") {
    for (const bool some : {true, false}) {
        World world(verona(some ? services : ""));
        world.add_account("romeo@example.org");
        Client& romeo = world.connect("romeo@example.org/orchard");
        const auto info = romeo.ask(
            "<iq type='get' id='d' to='example.org'>"
            "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        bool said = false;
        for (const xml::Element& feature : info.root().first_child()->children())
            said = said || feature.attr("var") == ns::extdisco;
        CHECK(said == some);
        const auto answer = romeo.ask(
            "<iq type='get' id='x' to='example.org'><services xmlns='urn:xmpp:extdisco:2'/></iq>");
        CHECK(answer.root().attr("type") == (some ? "result" : "error"));
    }
}

TEST_CASE("what the administrator may not write") {
    OptionRegistry registry;
    declare_options(registry);
    const auto refused = [&](const std::string& options) {
        return !parse_config(registry, "[[external_service]]\n" + options, "test.toml").ok();
    };
    const std::string turn = "type = \"turn\"\nhost = \"turn.example.org\"\n";
    CHECK_FALSE(refused(turn));
    CHECK_FALSE(refused(turn + "secret = \"s\"\n"));
    CHECK_FALSE(refused(turn + "username = \"u\"\npassword = \"p\"\n"));
    CHECK(refused(turn + "username = \"u\"\n"));
    CHECK(refused(turn + "password = \"p\"\n"));
    CHECK(refused(turn + "username = \"u\"\npassword = \"p\"\nsecret = \"s\"\n"));
    CHECK(refused(turn + "transport = \"pigeon\"\n"));
    CHECK(refused("type = \"turn\"\n"));
    CHECK(refused("host = \"turn.example.org\"\n"));
}

}  // namespace
}  // namespace clarion::external_services
