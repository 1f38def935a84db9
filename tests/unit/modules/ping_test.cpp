#include "modules/ping.h"

#include <doctest/doctest.h>

#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

constexpr auto ping_self = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
constexpr auto ping_host =
    "<iq type='get' id='p' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>";
constexpr auto ping_juliet =
    "<iq type='get' id='p' to='juliet@example.org'><ping xmlns='urn:xmpp:ping'/></iq>";

struct Verona {
    Verona() {
        world.add_account("romeo@example.org");
        world.add_account("juliet@example.org");
    }
    Client& romeo() { return world.connect("romeo@example.org/orchard"); }

    World world{{.modules = {{.name = "ping", .install = ping::install}}}};
};

}  // namespace

TEST_CASE_FIXTURE(Verona, "the server answers a ping") {
    const auto pong = romeo().ask(ping_host);
    CHECK(pong.root().attr("type") == "result");
    CHECK(pong.root().attr("from") == "example.org");
    CHECK(pong.root().attr("to") == "romeo@example.org/orchard");
    CHECK_FALSE(pong.root().has_children());
}

TEST_CASE_FIXTURE(Verona, "a ping without 'to' is answered for the user's own account") {
    CHECK(romeo().ask(ping_self).root().attr("type") == "result");
}

TEST_CASE_FIXTURE(Verona, "a stranger cannot tell whether an account exists") {
    Client& stranger = romeo();
    const auto known = stranger.ask(ping_juliet);
    CHECK(known.root().attr("type") == "error");
    CHECK(read_error(known.root()).condition == StanzaErrorCondition::service_unavailable);
    const auto unknown = stranger.ask(
        "<iq type='get' id='q' to='nobody@example.org'><ping xmlns='urn:xmpp:ping'/></iq>");
    CHECK(read_error(unknown.root()).condition == StanzaErrorCondition::service_unavailable);
}

TEST_CASE_FIXTURE(Verona, "a contact may ping an account that shares its presence") {
    world.befriend("juliet@example.org", "romeo@example.org", core::Subscription::from);
    CHECK(romeo().ask(ping_juliet).root().attr("type") == "result");
}
