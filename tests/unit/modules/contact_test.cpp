#include "modules/contact.h"

#include <doctest/doctest.h>

#include "modules/disco.h"
#include "proto/data_form.h"
#include "proto/ns.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

std::optional<DataForm> form_of(std::string_view host, std::string config) {
    World world({.modules = {{.name = "disco", .install = disco::install},
                             {.name = "contact",
                              .install = contact::install,
                              .declare_options = contact::declare_options}},
                 .config = std::move(config)});
    world.add_account("romeo@example.org");
    const auto answer = world.connect("romeo@example.org/orchard")
                            .ask("<iq type='get' id='1' to='" + std::string(host) +
                                 "'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    const xml::Element* query = answer.root().child(ns::disco_info, "query");
    REQUIRE(query);
    return DataForm::find_in(*query, ns::server_info);
}

}  // namespace

TEST_CASE("a host says whom to write to") {
    const std::string config =
        "[contact]\nadmin = [\"mailto:a@b\", \"xmpp:a@b\"]\n"
        "[host.\"example.net\".contact]\nadmin = []\nstatus = [\"https://status.example.net\"]\n";
    const auto org = form_of("example.org", config);
    REQUIRE(org);
    CHECK(org->type == "result");
    CHECK(org->fields.size() == 2);
    REQUIRE(org->field("admin-addresses"));
    CHECK(org->field("admin-addresses")->values ==
          std::vector<std::string>{"mailto:a@b", "xmpp:a@b"});
    const auto net = form_of("example.net", config);
    REQUIRE(net);
    CHECK(net->fields.size() == 2);
    CHECK(net->value("status-addresses") == "https://status.example.net");
}

TEST_CASE("without addresses there is no form") { CHECK_FALSE(form_of("example.org", "")); }

TEST_CASE("addresses are URIs") {
    for (const char* good : {"mailto:a@b", "xmpp:a@b?message", "https://a.b/c", "a+b-c.1:x"})
        CHECK(contact::is_uri(good));
    for (const char* bad :
         {"", "a@b", "mailto:", ":a", "1a:b", "a b:c", "mailto:a b", "m\xc3\xa4:a"})
        CHECK_FALSE(contact::is_uri(bad));
}
