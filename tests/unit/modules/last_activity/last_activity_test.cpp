#include "modules/last_activity/last_activity.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "modules/blocking/blocking.h"
#include "modules/last_activity/departure.h"
#include "modules/roster.h"
#include "proto/ns.h"
#include "tests/support/world.h"

namespace clarion::last_activity {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::World;

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.net";

std::string get(std::string_view to = {}) {
    std::string text = "<iq type='get' id='l'";
    if (!to.empty()) text += " to='" + std::string(to) + "'";
    return text + "><query xmlns='jabber:iq:last'/></iq>";
}

/// "seconds status", or the condition of an error.
std::string outcome(const xml::Element& answer) {
    if (answer.attr("type") == "error") return std::string(name(read_error(answer).condition));
    const xml::Element* query = answer.child(ns::last_activity, "query");
    if (!query) return "nothing";
    std::string text(query->attr("seconds"));
    return query->text().empty() ? text : text + " " + std::string(query->text());
}

struct Verona {
    World world{{.modules = {{.name = "roster",
                              .install = roster::install,
                              .declare_options = roster::declare_options},
                             {.name = "blocking",
                              .install = blocking::install,
                              .declare_options = blocking::declare_options},
                             {.name = "last_activity", .install = install}}}};
    Client* juliet = nullptr;

    Verona() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
        world.add_account("tybalt@example.net");
        world.befriend(romeo_jid, juliet_jid);
        world.befriend(juliet_jid, romeo_jid);
        juliet = &world.log_in("juliet@example.net/balcony");
    }
    std::string ask(Client& client, std::string_view to = {}) {
        return outcome(client.ask(get(to)).root());
    }
};

TEST_CASE_FIXTURE(Verona, "the host says how long it has run") {
    CHECK(ask(*juliet, "example.net") == "0");
    world.advance(90s + 900ms);
    CHECK(ask(*juliet, "example.net") == "90");
}

TEST_CASE_FIXTURE(Verona, "contacts learn since when a user is gone, and what was said then") {
    CHECK(ask(*juliet, romeo_jid) == "item-not-found");  // was never seen
    Client& romeo = world.log_in("romeo@example.org/orchard");
    CHECK(ask(*juliet, romeo_jid) == "0");
    CHECK(ask(romeo) == "0");
    world.advance(10s);
    romeo.send("<presence type='unavailable'><status>Heading Home</status></presence>");
    world.advance(903s);
    CHECK(ask(*juliet, romeo_jid) == "903 Heading Home");
    CHECK(ask(romeo) == "903 Heading Home");  // who is connected and not to be seen counts as gone
    romeo.send("<presence/>");
    CHECK(ask(*juliet, romeo_jid) == "0");
    romeo.close();
    world.advance(5s);
    CHECK(ask(*juliet, romeo_jid) == "5");
}

TEST_CASE_FIXTURE(Verona, "an owner that was never seen is connected") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    CHECK(ask(romeo) == "0");
    romeo.close();
    CHECK(ask(*juliet, romeo_jid) == "item-not-found");
}

TEST_CASE_FIXTURE(Verona, "only the last resource that goes counts") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& phone = world.log_in("romeo@example.org/phone");
    phone.send("<presence type='unavailable'><status>not this</status></presence>");
    world.advance(10s);
    CHECK(ask(*juliet, romeo_jid) == "0");
    romeo.send("<presence type='unavailable'><status>this</status></presence>");
    CHECK(ask(*juliet, romeo_jid) == "0 this");
}

TEST_CASE_FIXTURE(Verona, "it is kept across a restart, and its status is bounded") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    std::string status;
    while (status.size() < 2 * max_status) status += "\u00e9";
    romeo.send("<presence type='unavailable'><status>" + status + "</status></presence>");
    world.crash_and_restart();
    world.advance(7s);
    juliet = &world.log_in("juliet@example.net/balcony");
    CHECK(ask(*juliet, romeo_jid) == "7 " + status.substr(0, max_status));
}

TEST_CASE_FIXTURE(Verona, "a clock that was set back does not make it negative") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence type='unavailable'/>");
    world.clock().set_wall(world.clock().wall() - 1h);
    CHECK(ask(*juliet, romeo_jid) == "0");
}

TEST_CASE_FIXTURE(Verona, "strangers learn nothing, not even whether there is an account") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& tybalt = world.log_in("tybalt@example.net/square");
    for (const char* to : {"romeo@example.org", "nobody@example.org", "romeo@example.org/orchard",
                           "romeo@example.org/none", "nobody@example.org/orchard"}) {
        CAPTURE(to);
        CHECK(ask(tybalt, to) == "service-unavailable");
    }
    CHECK(romeo.pop("iq").root().name() == "nothing");
    romeo.ask(
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
        "<item jid='juliet@example.net'/></block></iq>");
    CHECK(ask(*juliet, romeo_jid) == "service-unavailable");
}

TEST_CASE_FIXTURE(Verona, "a resource answers for itself to who sees its presence") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    const auto asked = [&](std::string_view from) {
        romeo.drop_all();
        world.arrive("<iq type='get' id='l' from='" + std::string(from) +
                     "' to='romeo@example.org/orchard'><query xmlns='jabber:iq:last'/></iq>");
        return romeo.pop("iq").root().attr("id") == "l";
    };
    CHECK(asked("juliet@example.net/balcony"));
    CHECK(asked("romeo@example.org/phone"));
    CHECK_FALSE(asked("room@rooms.example.com/Tybalt"));
    romeo.send("<presence to='room@rooms.example.com/Romeo'/>");
    CHECK(asked("room@rooms.example.com/Tybalt"));
    CHECK_FALSE(asked("other@rooms.example.com/Tybalt"));
}

TEST_CASE("an entry") {
    const Departure departure{.time = WallTime(1us), .status = "bye"};
    const std::string value = encode(departure);
    CHECK(value == std::string("\x01\0\0\0\0\0\0\0\x01\x03"
                               "bye",
                               13));
    const auto read = decode_departure(value);
    REQUIRE(read);
    CHECK(read->time == departure.time);
    CHECK(read->status == "bye");
    constexpr auto kind = storage::DataKind::stored;
    CHECK(check_entry(kind, "departure", value).ok());
    CHECK_FALSE(check_entry(kind, "other", value).ok());
    CHECK_FALSE(check_entry(kind, "departure", value + "x").ok());
}

}  // namespace
}  // namespace clarion::last_activity
