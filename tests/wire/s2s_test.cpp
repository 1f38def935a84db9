// Server-to-server over loopback, with DNS, TLS, certificates and dialback.
#include <doctest/doctest.h>

#include <algorithm>

#include "proto/ns.h"
#include "storage/memory/memory_storage.h"
#include "tests/wire/s2s_world.h"

using namespace clarion;
using clarion::test::Arrival;
using clarion::test::S2sWorld;
using clarion::test::Server;

namespace {

std::string message(const std::string& from, const std::string& to, const std::string& body) {
    return "<message from='" + from + "' to='" + to + "' type='chat' id='" + body + "'><body>" +
           body + "</body></message>";
}

StanzaErrorCondition condition(const Arrival& arrival) {
    return read_error(arrival.stanza->root()).condition;
}

bool up(const std::vector<net::S2sLinkInfo>& links, net::S2sLinkInfo::Direction direction,
        std::string_view proof) {
    return std::any_of(links.begin(), links.end(), [&](const net::S2sLinkInfo& link) {
        return link.direction == direction && link.state == "up" && link.authentication == proof &&
               link.encrypted;
    });
}

constexpr auto in = net::S2sLinkInfo::Direction::in;
constexpr auto out = net::S2sLinkInfo::Direction::out;

}  // namespace

TEST_CASE("two servers with self-signed certificates talk over TLS and dialback") {
    S2sWorld world;
    Server& a = world.add("a.example");
    Server& b = world.add("b.example");
    world.start();

    for (int i = 0; i < 20; ++i)
        a.send(message("x@gw.a.example/1", "y@gw.b.example", std::to_string(i)));
    for (int i = 0; i < 20; ++i) CHECK(b.wait_for_arrival().stanza->body() == std::to_string(i));
    CHECK(up(a.links(), out, "dialback"));
    CHECK(up(b.links(), in, "dialback"));

    b.send(message("y@gw.b.example", "x@gw.a.example/1", "back"));
    const Arrival back = a.wait_for_arrival();
    CHECK(back.stanza->body() == "back");
    CHECK(back.stanza->to().full() == "x@gw.a.example/1");
    CHECK(!back.local_bounce);
    const auto reached = b.reached();
    CHECK(std::find(reached.begin(), reached.end(), "gw.a.example") != reached.end());
    CHECK(a.spooled("gw.b.example") == 0);
}

TEST_CASE("certificates from a known authority need no dialback") {
    S2sWorld world;
    const std::string files = world.files().path();
    Server& a =
        world.add("a.example", "ca = \"" + files +
                                   "/b.example.pem\"\n[s2s]\nrequire_valid_certificate = true\n");
    Server& b =
        world.add("b.example", "ca = \"" + files +
                                   "/a.example.pem\"\n[s2s]\nrequire_valid_certificate = true\n");
    world.start();
    a.send(message("a.example", "gw.b.example", "hello"));
    CHECK(b.wait_for_arrival().stanza->body() == "hello");
    CHECK(up(a.links(), out, "certificate"));
    CHECK(up(b.links(), in, "certificate"));
}

TEST_CASE("TLS from the first byte (XEP-0368)") {
    S2sWorld world;
    Server& a = world.add("a.example", {}, true);
    Server& b = world.add("b.example", {}, true);
    world.start();
    a.send(message("gw.a.example", "gw.b.example", "direct"));
    CHECK(b.wait_for_arrival().stanza->body() == "direct");
    CHECK(up(a.links(), out, "dialback"));
}

TEST_CASE("who insists on valid certificates does not talk to others") {
    S2sWorld world;
    Server& a = world.add("a.example", "[s2s]\nrequire_valid_certificate = true\n");
    Server& b = world.add("b.example");
    world.start();
    a.send(message("gw.a.example", "gw.b.example", "out"));
    const Arrival bounce = a.wait_for_arrival();
    CHECK(condition(bounce) == StanzaErrorCondition::remote_server_timeout);
    CHECK(bounce.local_bounce);
    b.send(message("gw.b.example", "gw.a.example", "in"));
    CHECK(condition(b.wait_for_arrival()) == StanzaErrorCondition::remote_server_timeout);
    CHECK(a.spooled("gw.b.example") == 0);
}

TEST_CASE("a domain that cannot be reached") {
    S2sWorld world;
    world.dns("--srv-host=_xmpp-server._tcp.none.example");
    world.dns("--srv-host=_xmpp-server._tcp.down.example,xmpp.down.example,1");
    world.dns("--host-record=xmpp.down.example,127.0.0.1");
    Server& a = world.add("a.example");
    world.start();
    SUBCASE("does not exist") {
        a.send(message("gw.a.example", "someone@unknown.example", "1"));
        Arrival bounce = a.wait_for_arrival();
        CHECK(condition(bounce) == StanzaErrorCondition::remote_server_not_found);
        CHECK(bounce.local_bounce);
        CHECK(bounce.stanza->from().full() == "someone@unknown.example");
        a.send(
            message("gw.a.example", "someone@unknown.example", "2"));  // during the pause: at once
        bounce = a.wait_for_arrival();
        CHECK(condition(bounce) == StanzaErrorCondition::remote_server_not_found);
        CHECK(bounce.local_bounce);
        CHECK(a.links().empty());
        const auto reach = a.reach("unknown.example");
        CHECK(reach.state == core::RemoteReach::State::failed);
        CHECK(!reach.text.empty());
        CHECK(reach.retry_in > Duration::zero());
        CHECK(a.reach("none.example").state == core::RemoteReach::State::idle);
    }
    SUBCASE("says that it has no server") {
        a.send(message("gw.a.example", "none.example", "1"));
        CHECK(condition(a.wait_for_arrival()) == StanzaErrorCondition::remote_server_not_found);
    }
    SUBCASE("refuses connections") {
        a.send(message("gw.a.example", "down.example", "1"));
        CHECK(condition(a.wait_for_arrival()) == StanzaErrorCondition::remote_server_timeout);
    }
    CHECK(a.spooled("unknown.example") + a.spooled("none.example") + a.spooled("down.example") ==
          0);
}

TEST_CASE("a test of the way to a domain says what happens at each step") {
    S2sWorld world;
    Server& a = world.add("a.example");
    world.add("b.example");
    world.start();
    auto steps = a.test("b.example");
    REQUIRE(steps.size() == 4);
    CHECK(steps[0].stage == s2s::Stage::resolve);
    CHECK(steps[1].stage == s2s::Stage::connect);
    CHECK(steps[2].stage == s2s::Stage::secure);
    CHECK(steps[3].stage == s2s::Stage::up);
    for (const auto& step : steps) CHECK(step.ok);
    for (const auto& link : a.links()) CHECK(link.direction == in);  // of b, which verified our key
    const auto reached = a.reached();                                // what waits for b may go
    CHECK(std::find(reached.begin(), reached.end(), "b.example") != reached.end());
    CHECK(a.reach("b.example").state == core::RemoteReach::State::idle);
    a.send(message("gw.a.example", "gw.b.example", "1"));
    a.wait_for_links([](const auto& links) {
        return std::any_of(links.begin(), links.end(), [](const auto& link) {
            return link.remote == "gw.b.example" && link.state == "up" &&
                   link.direction != net::S2sLinkInfo::Direction::in;
        });
    });
    CHECK(a.reach("gw.b.example").state == core::RemoteReach::State::up);
    CHECK(a.reach("gw.b.example").text == "dialback");

    steps = a.test("unknown.example");
    REQUIRE(!steps.empty());
    CHECK(!steps.back().ok);
    CHECK(steps.back().stage == s2s::Stage::resolve);
}

TEST_CASE("a message that waits survives the end of the server; presence does not") {
    S2sWorld world;
    std::shared_ptr<storage::Storage> storage = storage::make_memory_storage();
    Server& b = world.add("b.example");
    world.add("a.example");  // for its certificate and name
    world.start();
    const test::SilentPort silent;
    {
        // A name server that never answers: everything waits.
        Server before("a.example", {}, world.files(), false, storage);
        before.start(silent.address());
        before.send(message("gw.a.example", "gw.b.example", "kept"));
        before.send("<presence from='gw.a.example' to='gw.b.example'/>");
        CHECK(before.spooled("gw.b.example") == 1);
        before.stop();
    }
    Server after("a.example", {}, world.files(), false, storage);
    after.start(world.dns_server());
    const Arrival arrival = b.wait_for_arrival();
    CHECK(arrival.stanza->body() == "kept");
    CHECK(arrival.stanza->root().child(ns::delay, "delay") != nullptr);
    CHECK(after.spooled("gw.b.example") == 0);
    CHECK(b.arrivals() == 0);
}
