#include "modules/entity_time.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

TEST_CASE("the server tells its time, in UTC, to the second") {
    World world({.modules = {{.name = "time", .install = time::install}}});
    world.add_account("romeo@example.org");
    Client& romeo = world.connect("romeo@example.org/orchard");
    world.advance(std::chrono::milliseconds(61'500));
    const auto answer =
        romeo.ask("<iq type='get' id='t' to='example.org'><time xmlns='urn:xmpp:time'/></iq>");
    const xml::Element* time = answer.root().child(ns::time, "time");
    REQUIRE(time);
    CHECK(time->child_text(ns::time, "tzo") == "+00:00");
    CHECK(time->child_text(ns::time, "utc") == "2026-01-01T00:01:01Z");
}
