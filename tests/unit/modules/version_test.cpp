#include "modules/version.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

xml::Document ask(std::string config) {
    World world({.modules = {{.name = "version",
                              .install = version::install,
                              .declare_options = version::declare_options}},
                 .config = std::move(config)});
    world.add_account("romeo@example.org");
    return world.connect("romeo@example.org/orchard")
        .ask("<iq type='get' id='v' to='example.org'><query xmlns='jabber:iq:version'/></iq>");
}

}  // namespace

TEST_CASE("the server says what it is, but not on which system it runs") {
    const auto answer = ask("");
    const xml::Element* query = answer.root().child(ns::version, "query");
    REQUIRE(query);
    CHECK(query->child_text(ns::version, "name") == "Clarion");
    CHECK(query->child_text(ns::version, "version") == CLARION_VERSION);
    CHECK(query->child(ns::version, "os") == nullptr);
}

TEST_CASE("the administrator decides what is told") {
    const auto answer = ask("[version]\nshow_version = false\nshow_os = true\n");
    const xml::Element* query = answer.root().child(ns::version, "query");
    REQUIRE(query);
    REQUIRE(query->child(ns::version, "version"));
    CHECK(query->child_text(ns::version, "version") == "");
    CHECK_FALSE(query->child_text(ns::version, "os").empty());
}

TEST_CASE("each domain may decide for itself") {
    const auto answer = ask("[host.\"example.org\".version]\nshow_os = true\n");
    REQUIRE(answer.root().child(ns::version, "query"));
    CHECK(answer.root().child(ns::version, "query")->child(ns::version, "os"));
}
