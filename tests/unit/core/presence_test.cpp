// Presence between clients, contacts and other servers: RFC 6121, sections 3 and 4.
#include "server/core/delivery/presence.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.org";
constexpr auto friar_jid = "friar@church.example";

/// "presence/unavailable from a@b/c to d@e": what a test compares.
std::string outline(const xml::Element& e) {
    std::string text(e.name());
    if (!e.attr("type").empty()) text += "/" + std::string(e.attr("type"));
    if (!e.attr("from").empty()) text += " from " + std::string(e.attr("from"));
    if (!e.attr("to").empty()) text += " to " + std::string(e.attr("to"));
    return text;
}
std::string next(Client& client) { return outline(client.pop().root()); }
std::string next(FakeLink& link) {
    const StanzaPtr stanza = link.pop();
    return stanza ? outline(stanza->root()) : "nothing";
}

/// The addresses that any session of Romeo's has in storage.
Task<> all_directed(Core& core, std::vector<std::string>& found) {
    auto stored = co_await core.storage().accounts().load(std::string(romeo_jid));
    for (const auto& record : (*stored)->hibernating_sessions)
        found.insert(found.end(), record.directed_presence.begin(), record.directed_presence.end());
    for (const auto& record : (*stored)->online_records)
        found.insert(found.end(), record.directed_presence.begin(), record.directed_presence.end());
}

struct Verona {
    Verona() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
    }
    void become_friends() {
        world.befriend(romeo_jid, juliet_jid);
        world.befriend(juliet_jid, romeo_jid);
    }
    SubscriptionState state(const char* of, const char* towards) {
        return state_of(world.account(of).roster().find(towards));
    }
    StanzaErrorCondition error_of(Client& client, std::string_view stanza) {
        client.send(stanza);
        return read_error(client.pop("presence").root()).condition;
    }

    World world;
};

}  // namespace

// --- broadcast ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "initial presence goes to contacts and to all own resources") {
    become_friends();
    Client& juliet = world.log_in("juliet@example.org/balcony");
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence id='1'><show>chat</show></presence>");
    const auto own = romeo.pop();
    CHECK(outline(own.root()) == "presence from romeo@example.org/orchard to romeo@example.org");
    CHECK(own.root().child_text(ns::client, "show") == "chat");
    const auto seen = juliet.pop();
    CHECK(outline(seen.root()) == "presence from romeo@example.org/orchard to juliet@example.org");
    CHECK(seen.root().attr("id") == "1");
    CHECK(seen.root().child(ns::delay, "delay") == nullptr);
    CHECK(juliet.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "who comes online sees the contacts that are there, with the time") {
    become_friends();
    Client& juliet = world.connect("juliet@example.org/balcony");
    juliet.send("<presence><status>O Romeo</status></presence>");
    world.advance(std::chrono::hours(1));
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence/>");
    CHECK(next(romeo) == "presence from romeo@example.org/orchard to romeo@example.org");
    const auto seen = romeo.pop();
    CHECK(outline(seen.root()) ==
          "presence from juliet@example.org/balcony to romeo@example.org/orchard");
    CHECK(seen.root().child_text(ns::client, "status") == "O Romeo");
    CHECK(seen.root().child(ns::delay, "delay")->attr("stamp") == "2026-01-01T00:00:00Z");
    CHECK(romeo.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a second resource and the first see each other") {
    Client& phone = world.log_in("romeo@example.org/phone");
    Client& desk = world.connect("romeo@example.org/desk");
    desk.send("<presence/>");
    CHECK(next(phone) == "presence from romeo@example.org/desk to romeo@example.org");
    CHECK(next(desk) == "presence from romeo@example.org/desk to romeo@example.org");
    CHECK(next(desk) == "presence from romeo@example.org/phone to romeo@example.org");
}

TEST_CASE_FIXTURE(Verona, "later presence is broadcast without probes") {
    world.befriend(romeo_jid, friar_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    CHECK(next(world.remote()) ==
          "presence from romeo@example.org/orchard to friar@church.example");
    CHECK(next(world.remote()) == "presence/probe from romeo@example.org to friar@church.example");
    romeo.send("<presence><show>away</show></presence>");
    CHECK(next(world.remote()) ==
          "presence from romeo@example.org/orchard to friar@church.example");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "presence follows the direction of the subscription") {
    world.befriend(romeo_jid, "from@church.example", Subscription::from);
    world.befriend(romeo_jid, "none@church.example", Subscription::none);
    world.befriend(romeo_jid, "to@church.example", Subscription::to);
    world.log_in("romeo@example.org/orchard");
    CHECK(next(world.remote()) == "presence from romeo@example.org/orchard to from@church.example");
    CHECK(next(world.remote()) == "presence/probe from romeo@example.org to to@church.example");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "unavailable presence is broadcast once, whoever causes it") {
    become_friends();
    Client& juliet = world.log_in("juliet@example.org/balcony");
    Client& romeo = world.log_in("romeo@example.org/orchard");
    juliet.drop_all();
    SUBCASE("the client, with a reason") {
        romeo.send("<presence type='unavailable'><status>banished</status></presence>");
        const auto seen = juliet.pop();
        CHECK(outline(seen.root()) ==
              "presence/unavailable from romeo@example.org/orchard to juliet@example.org");
        CHECK(seen.root().child_text(ns::client, "status") == "banished");
        CHECK(next(romeo) ==
              "presence/unavailable from romeo@example.org/orchard to romeo@example.org");
        romeo.send("<presence type='unavailable'/>");
        romeo.close();
    }
    SUBCASE("its stream's end") {
        romeo.close();
        CHECK(next(juliet) ==
              "presence/unavailable from romeo@example.org/orchard to juliet@example.org");
    }
    SUBCASE("its connection's end") {
        romeo.cut();
        CHECK(next(juliet) ==
              "presence/unavailable from romeo@example.org/orchard to juliet@example.org");
    }
    CHECK(juliet.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "priorities are numbers from -128 to 127") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    for (const char* bad : {"128", "-129", "high", "", "1.5", "99999999999999999999"}) {
        CAPTURE(bad);
        CHECK(error_of(romeo, "<presence id='1'><priority>" + std::string(bad) +
                                  "</priority></presence>") == StanzaErrorCondition::bad_request);
    }
    CHECK(error_of(romeo, "<presence><priority>1</priority><priority>1</priority></presence>") ==
          StanzaErrorCondition::bad_request);
    CHECK_FALSE(romeo.session().available());
    for (const char* good : {"-128", "0", "127"}) {
        romeo.send("<presence><priority>" + std::string(good) + "</priority></presence>");
        CHECK(romeo.session().priority() == std::stoi(good));
    }
}

TEST_CASE_FIXTURE(Verona, "subscription stanzas need an address") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    CHECK(error_of(romeo, "<presence type='subscribe'/>") == StanzaErrorCondition::bad_request);
}

TEST_CASE_FIXTURE(Verona, "a resource whose connection broke stays available while it hibernates") {
    become_friends();
    Client& juliet = world.log_in("juliet@example.org/balcony");
    Client& romeo = world.log_in("romeo@example.org/orchard");
    world.at(romeo_jid, [&](Core&) { romeo.session().enable_sm(true, 0); });
    juliet.drop_all();
    romeo.cut();
    CHECK(romeo.session().is_hibernating());
    CHECK(juliet.pending() == 0);
    juliet.send("<presence type='probe' to='romeo@example.org'/>");
    CHECK(next(juliet) == "presence from romeo@example.org/orchard to juliet@example.org/balcony");
    const auto queued = romeo.session().hibernation().queued();
    juliet.send("<presence><show>away</show></presence>");
    CHECK(romeo.session().hibernation().queued() == queued + 1);
}

// --- directed presence --------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "who got directed presence hears when the resource goes") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence to='tomb@rooms.example/romeo'/>");
    romeo.send("<presence to='vault@rooms.example/romeo'/>");
    CHECK(next(world.remote()) ==
          "presence from romeo@example.org/orchard to tomb@rooms.example/romeo");
    world.remote().drop_all();
    SUBCASE("unless it was told to have left") {
        romeo.send("<presence to='tomb@rooms.example/romeo' type='unavailable'/>");
        world.remote().drop_all();
    }
    SUBCASE("unless it left itself") {
        world.arrive(
            "<presence from='tomb@rooms.example/romeo' to='romeo@example.org/orchard' "
            "type='unavailable'/>");
    }
    romeo.send("<presence><show>away</show></presence>");
    CHECK(world.remote().pending() == 0);
    romeo.close();
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to vault@rooms.example/romeo");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a room that gives another nickname hears of the end under that one") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence to='tomb@rooms.example/romeo'/>");
    world.remote().drop_all();
    const auto room_says = [&](const char* nick, const char* type, const char* content) {
        world.arrive("<presence from='tomb@rooms.example/" + std::string(nick) +
                     "' to='romeo@example.org/orchard' " + type +
                     "><x xmlns='http://jabber.org/protocol/muc#user'>" + content +
                     "</x></presence>");
    };
    std::string last = "romeo";
    SUBCASE("changed while there") {
        room_says("romeo", "type='unavailable'", "<item nick='montague'/><status code='303'/>");
        room_says("montague", "", "<item/><status code='110'/><status code='210'/>");
        last = "montague";
    }
    SUBCASE("chosen at the entry") {
        room_says("juliet", "", "<item/>");
        room_says("montague", "", "<item/><status code='110'/><status code='210'/>");
        last = "montague";
    }
    SUBCASE("somebody else's") {
        room_says("juliet", "type='unavailable'", "<item nick='capulet'/><status code='303'/>");
        room_says("capulet", "", "<item/>");
    }
    romeo.close();
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to tomb@rooms.example/" + last);
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "who leaves a room is forgotten there") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence to='tomb@rooms.example/romeo'/>");
    world.remote().drop_all();
    world.arrive(
        "<presence from='tomb@rooms.example/romeo' to='romeo@example.org/orchard' "
        "type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>"
        "<status code='110'/></x></presence>");
    romeo.close();
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a contact hears of the end once, directed presence or not") {
    become_friends();
    Client& juliet = world.log_in("juliet@example.org/balcony");
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence to='juliet@example.org/balcony'/>");
    juliet.drop_all();
    romeo.close();
    CHECK(next(juliet) ==
          "presence/unavailable from romeo@example.org/orchard to juliet@example.org");
    CHECK(juliet.pending() == 0);
}

TEST_CASE("directed presence has a limit") {
    World world({.config = "[c2s]\nmax_directed_presence = 2\n"});
    world.add_account(romeo_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence to='a@rooms.example/r'/>");
    romeo.send("<presence to='b@rooms.example/r'/>");
    romeo.send("<presence to='b@rooms.example/r'/>");
    CHECK(romeo.pending() == 0);
    romeo.send("<presence to='c@rooms.example/r'/>");
    const auto refused = romeo.pop();
    CHECK(outline(refused.root()) ==
          "presence/error from c@rooms.example/r to romeo@example.org/orchard");
    CHECK(read_error(refused.root()).condition == StanzaErrorCondition::resource_constraint);
    CHECK(world.remote().pending() == 3);
}

TEST_CASE("the addresses of directed presence have a limit in bytes") {
    World world({.config = "[c2s]\nmax_directed_bytes = 4096\n"});
    world.add_account(romeo_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    const std::string nick(1000, 'n');
    for (int i = 0; i < 4; ++i)
        romeo.send("<presence to='" + std::to_string(i) + "@rooms.example/" + nick + "'/>");
    CHECK(romeo.pending() == 0);
    romeo.send("<presence to='4@rooms.example/" + nick + "'/>");
    CHECK(read_error(romeo.pop().root()).condition == StanzaErrorCondition::resource_constraint);
    romeo.send("<presence type='unavailable' to='0@rooms.example/" + nick + "'/>");
    romeo.send("<presence to='4@rooms.example/" + nick + "'/>");
    CHECK(romeo.pending() == 0);
}

TEST_CASE("one more address of directed presence is one small write, however many there are") {
    World world;
    world.add_account(romeo_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    std::size_t written = 0;
    world.at(romeo_jid, [&](Core& core) {
        const auto remember = [&](int i) {
            return remember_directed(romeo.session(),
                                     Jid::trusted("room" + std::to_string(i) + "@rooms.example/r"));
        };
        for (int i = 0; i < 500; ++i) CHECK(remember(i));
        written = core.shard().written();
        CHECK(remember(500));
        written = core.shard().written() - written;
    });
    CHECK(written > 0);
    CHECK(written < 500);
}

TEST_CASE("the directed presence of one that hibernates outlives a restart, in its order") {
    World world;
    world.add_account(romeo_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    world.at(romeo_jid, [&](Core&) { romeo.session().enable_sm(true, 0); });
    for (const std::string to : {"z@rooms.example/r", "y@rooms.example/r", "x@rooms.example/r"}) {
        romeo.send("<presence to='" + to + "'/>");
        world.advance(std::chrono::seconds(1));
    }
    romeo.cut();
    world.arrive(  // while it hibernates
        "<presence type='unavailable' from='y@rooms.example/r' to='romeo@example.org/orchard'/>");
    world.crash_and_restart();
    Session* const orchard = world.account(romeo_jid).find_session("orchard");
    REQUIRE(orchard);
    const std::vector<Jid> told{Jid::trusted("z@rooms.example/r"),
                                Jid::trusted("x@rooms.example/r")};
    CHECK(orchard->directed_presence() == told);
    world.remote().drop_all();
    world.at(romeo_jid, [&](Core&) { orchard->end(SessionEnd::expired); });
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to z@rooms.example/r");
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to x@rooms.example/r");
    world.crash_and_restart();  // and nothing is left of it
    std::vector<std::string> left;
    world.run(romeo_jid, [&](Core& core) { return all_directed(core, left); });
    CHECK(left.empty());
}

TEST_CASE("presence that is copied to everybody in the roster has a limit by what it takes") {
    World world({.config = "[c2s]\nmax_presence_size = 4096\n"});
    world.add_account(romeo_jid);
    Client& romeo = world.connect("romeo@example.org/orchard");
    std::string elements;
    for (int i = 0; i < 100; ++i) elements += "<a/>";
    romeo.send("<presence>" + elements + "</presence>");
    const auto refused = romeo.pop();
    CHECK(read_error(refused.root()).condition == StanzaErrorCondition::policy_violation);
    CHECK_FALSE(romeo.session().available());
    romeo.send("<presence><status>there</status></presence>");
    CHECK(romeo.session().available());
    // To one address it goes as it is.
    romeo.send("<presence to='a@rooms.example/r'>" + elements + "</presence>");
    CHECK(world.remote().pending() == 1);
}

TEST_CASE("who tells everybody in a large roster is read no further until they have been told") {
    World world;
    world.add_account(romeo_jid);
    for (int i = 0; i < 400; ++i)
        world.befriend(romeo_jid, "contact" + std::to_string(i) + "@x.example");
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.drop_all();
    bool may_read = true;
    const std::string presence = "<presence xmlns='jabber:client'><status>" +
                                 std::string(2000, 'x') + "</status></presence>";
    world.at(romeo_jid, [&](Core&) {
        romeo.session().on_element(xml::parse_element(presence));
        may_read = romeo.session().may_read();
    });
    CHECK_FALSE(may_read);  // within that turn
    CHECK(romeo.port().reading_resumed());
    CHECK(romeo.session().may_read());
    CHECK(world.remote().pending() == 800);  // presence and probes
}

TEST_CASE_FIXTURE(Verona, "presence to a full address reaches that resource only") {
    Client& phone = world.log_in("juliet@example.org/phone");
    Client& desk = world.log_in("juliet@example.org/desk");
    phone.drop_all();
    world.arrive("<presence from='a@b.example/c' to='juliet@example.org/phone'/>");
    CHECK(next(phone) == "presence from a@b.example/c to juliet@example.org/phone");
    CHECK(desk.pending() == 0);
    world.arrive("<presence from='a@b.example/c' to='juliet@example.org/nowhere'/>");
    CHECK(phone.pending() + desk.pending() == 0);
    world.arrive("<presence from='a@b.example/c' to='juliet@example.org'/>");
    CHECK(phone.pending() == 1);
    CHECK(desk.pending() == 1);
}

// --- probes -------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "a contact's probe is answered with the presence of each resource") {
    world.befriend(romeo_jid, friar_jid, Subscription::from);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    world.connect("romeo@example.org/silent");
    world.remote().drop_all();
    constexpr auto probe =
        "<presence from='friar@church.example' to='romeo@example.org' type='probe' id='p1'/>";
    world.arrive(probe);
    CHECK(next(world.remote()) ==
          "presence from romeo@example.org/orchard to friar@church.example");
    CHECK(world.remote().pending() == 0);
    romeo.close();
    world.remote().drop_all();
    world.arrive(probe);
    const StanzaPtr gone = world.remote().pop();
    CHECK(outline(gone->root()) ==
          "presence/unavailable from romeo@example.org to friar@church.example");
    CHECK(gone->id() == "p1");
}

TEST_CASE_FIXTURE(Verona, "a stranger's probe is answered with unsubscribed") {
    world.log_in("romeo@example.org/orchard");
    world.arrive(
        "<presence from='friar@church.example' to='romeo@example.org' type='probe' id='p1'/>");
    CHECK(next(world.remote()) ==
          "presence/unsubscribed from romeo@example.org to friar@church.example");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a stranger cannot tell by a probe what there is") {
    constexpr auto stranger = "presence/unsubscribed from %s to friar@church.example/cell";
    const auto answer_to_probe = [this](const std::string& to) {
        world.arrive("<presence from='friar@church.example/cell' to='" + to +
                     "' type='probe' id='p1'/>");
        const StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(answer->id() == "p1");
        CHECK(world.remote().pending() == 0);
        return outline(answer->root());
    };
    const auto refused = [stranger](const std::string& by) {
        std::string text(stranger);
        return text.replace(text.find("%s"), 2, by);
    };
    world.at(romeo_jid, [](Core& core) { core.accounts().evict_idle(Duration::zero()); });
    for (const char* name : {"romeo@example.org", "nobody@example.org", "nobody@example.net"})
        for (const char* resource : {"", "/orchard"})
            for (int again = 0; again < 2; ++again)  // loaded then, or known not to exist
                CHECK(answer_to_probe(std::string(name) + resource) == refused(name));
    world.log_in("romeo@example.org/orchard");
    world.remote().drop_all();
    CHECK(answer_to_probe("romeo@example.org") == refused("romeo@example.org"));
    CHECK(answer_to_probe("romeo@example.org/orchard") == refused("romeo@example.org"));
}

TEST_CASE_FIXTURE(Verona,
                  "contacts of an account that is not in memory hear that nobody is there") {
    become_friends();
    world.befriend(juliet_jid, friar_jid, Subscription::from);
    const auto evict = [this] {
        world.at(juliet_jid,
                 [](Core& core) { core.accounts().evict_slice(std::chrono::hours(1), 1); });
        bool loaded = true;
        world.at(juliet_jid,
                 [&](Core& core) { loaded = core.accounts().find(juliet_jid) != nullptr; });
        return !loaded;
    };
    world.at(juliet_jid, [](Core& core) { core.accounts().evict_idle(Duration::zero()); });
    REQUIRE(evict());

    world.arrive(
        "<presence from='friar@church.example' to='juliet@example.org' type='probe' id='p1'/>");
    CHECK(next(world.remote()) ==
          "presence/unavailable from juliet@example.org to friar@church.example");
    CHECK(evict());  // it did not stay in memory for that

    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence/>");
    CHECK(next(romeo) == "presence from romeo@example.org/orchard to romeo@example.org");
    CHECK(next(romeo) ==
          "presence/unavailable from juliet@example.org to romeo@example.org/orchard");
}

TEST_CASE_FIXTURE(Verona, "a room to which presence was directed learns only that one is there") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence to='tomb@rooms.example/romeo'><show>dnd</show></presence>");
    world.remote().drop_all();
    for (const char* who : {"tomb@rooms.example/romeo", "tomb@rooms.example"}) {
        world.arrive("<presence type='probe' to='romeo@example.org/orchard' from='" +
                     std::string(who) + "'/>");
        const StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(outline(answer->root()) ==
              "presence from romeo@example.org/orchard to " + std::string(who));
        CHECK_FALSE(answer->root().has_children());
    }
    world.arrive(
        "<presence type='probe' to='romeo@example.org/orchard' from='other@rooms.example/x'/>");
    CHECK(next(world.remote()) ==
          "presence/unsubscribed from romeo@example.org to other@rooms.example/x");
}

TEST_CASE_FIXTURE(Verona, "a contact's probe of one resource learns only whether it is there") {
    world.befriend(romeo_jid, friar_jid, Subscription::from);
    Client& romeo = world.connect("romeo@example.org/orchard");
    romeo.send("<presence><show>dnd</show></presence>");
    world.remote().drop_all();
    world.arrive(
        "<presence type='probe' to='romeo@example.org/orchard' from='friar@church.example'/>");
    const StanzaPtr there = world.remote().pop();
    CHECK(outline(there->root()) ==
          "presence from romeo@example.org/orchard to friar@church.example");
    CHECK_FALSE(there->root().has_children());
    world.arrive("<presence type='probe' to='romeo@example.org/x' from='friar@church.example'/>");
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/x to friar@church.example");
}

// --- subscriptions ------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "two users subscribe to each other") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& juliet = world.log_in("juliet@example.org/balcony");
    romeo.send("<presence type='subscribe' to='juliet@example.org/balcony' id='s1'/>");
    const auto request = juliet.pop();
    CHECK(outline(request.root()) ==
          "presence/subscribe from romeo@example.org to juliet@example.org");
    CHECK(request.root().attr("id") == "s1");
    CHECK(romeo.pending() == 0);
    CHECK(state(romeo_jid, juliet_jid) == SubscriptionState{Subscription::none, true});
    CHECK(state(juliet_jid, romeo_jid) == SubscriptionState{Subscription::none, false, true});
    CHECK_FALSE(world.account(juliet_jid).roster().find(romeo_jid)->listed);

    juliet.send("<presence type='subscribed' to='romeo@example.org'/>");
    CHECK(state(romeo_jid, juliet_jid) == SubscriptionState{Subscription::to});
    CHECK(state(juliet_jid, romeo_jid) == SubscriptionState{Subscription::from});
    CHECK(next(romeo) == "presence from juliet@example.org/balcony to romeo@example.org");

    juliet.send("<presence type='subscribe' to='romeo@example.org'/>");
    romeo.drop_all();
    romeo.send("<presence type='subscribed' to='juliet@example.org'/>");
    CHECK(state(romeo_jid, juliet_jid) == SubscriptionState{Subscription::both});
    CHECK(state(juliet_jid, romeo_jid) == SubscriptionState{Subscription::both});
}

TEST_CASE_FIXTURE(Verona, "a request waits whole for its user, once, until it is answered") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send(
        "<presence type='subscribe' to='juliet@example.org'>"
        "<preauth xmlns='urn:xmpp:pars:0' token='t'/></presence>");
    romeo.send("<presence type='subscribe' to='juliet@example.org'/>");
    world.crash_and_restart();
    for (int login = 0; login < 2; ++login) {
        Client& juliet = world.connect("juliet@example.org/balcony");
        juliet.send("<presence/>");
        juliet.pop();
        const auto request = juliet.pop();
        CHECK(outline(request.root()) ==
              "presence/subscribe from romeo@example.org to juliet@example.org");
        CHECK(request.root().child(ns::pars, "preauth") != nullptr);
        CHECK(juliet.pending() == 0);
        juliet.close();
    }
    Client& juliet = world.log_in("juliet@example.org/balcony");
    juliet.send("<presence type='unsubscribed' to='romeo@example.org'/>");
    CHECK(world.account(juliet_jid).roster().find(romeo_jid) == nullptr);
    CHECK(state(romeo_jid, juliet_jid) == SubscriptionState{});
    CHECK(world.account(romeo_jid).roster().find(juliet_jid)->listed);
}

TEST_CASE_FIXTURE(Verona, "pre-approved requests are granted at once") {
    Client& juliet = world.log_in("juliet@example.org/balcony");
    juliet.send("<presence type='subscribed' to='romeo@example.org'/>");
    CHECK(state(juliet_jid, romeo_jid).approved);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence type='subscribe' to='juliet@example.org'/>");
    CHECK(state(romeo_jid, juliet_jid) == SubscriptionState{Subscription::to});
    CHECK(state(juliet_jid, romeo_jid) == SubscriptionState{Subscription::from});
    CHECK(next(romeo) == "presence from juliet@example.org/balcony to romeo@example.org");
    CHECK(juliet.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a subscription that exists is confirmed again, and presence with it") {
    world.befriend(romeo_jid, friar_jid, Subscription::from);
    world.log_in("romeo@example.org/orchard");
    world.remote().drop_all();
    world.arrive(
        "<presence from='friar@church.example/cell' to='romeo@example.org' type='subscribe' "
        "id='again'/>");
    const StanzaPtr answer = world.remote().pop();
    CHECK(outline(answer->root()) ==
          "presence/subscribed from romeo@example.org to friar@church.example");
    CHECK(answer->id() == "again");
    CHECK(next(world.remote()) ==
          "presence from romeo@example.org/orchard to friar@church.example");
}

TEST_CASE_FIXTURE(Verona, "cancelling a subscription hides the user first") {
    world.befriend(romeo_jid, friar_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    world.remote().drop_all();
    romeo.send("<presence type='unsubscribed' to='friar@church.example'/>");
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to friar@church.example");
    CHECK(next(world.remote()) ==
          "presence/unsubscribed from romeo@example.org to friar@church.example");
    CHECK(state(romeo_jid, friar_jid) == SubscriptionState{Subscription::to});
}

TEST_CASE_FIXTURE(Verona, "a contact that unsubscribes sees the user go, and is told so") {
    world.befriend(romeo_jid, friar_jid);
    world.log_in("romeo@example.org/orchard");
    world.remote().drop_all();
    world.arrive(
        "<presence from='friar@church.example' to='romeo@example.org' type='unsubscribe'/>");
    CHECK(next(world.remote()) ==
          "presence/unavailable from romeo@example.org/orchard to friar@church.example");
    CHECK(next(world.remote()) ==
          "presence/unsubscribed from romeo@example.org to friar@church.example");
    CHECK(state(romeo_jid, friar_jid) == SubscriptionState{Subscription::to});
}

TEST_CASE_FIXTURE(Verona, "removing a contact ends what there was in both directions") {
    SUBCASE("both") {
        world.befriend(romeo_jid, friar_jid);
        world.log_in("romeo@example.org/orchard");
        world.remote().drop_all();
        world.at(romeo_jid, [&](Core& core) {
            remove_contact(*core.accounts().find(romeo_jid), Jid::trusted(friar_jid));
        });
        CHECK(next(world.remote()) ==
              "presence/unavailable from romeo@example.org/orchard to friar@church.example");
        CHECK(next(world.remote()) ==
              "presence/unsubscribe from romeo@example.org to friar@church.example");
        CHECK(next(world.remote()) ==
              "presence/unsubscribed from romeo@example.org to friar@church.example");
    }
    SUBCASE("neither") {
        world.befriend(romeo_jid, friar_jid, Subscription::none);
        world.at(romeo_jid, [&](Core& core) {
            remove_contact(*core.accounts().find(romeo_jid), Jid::trusted(friar_jid));
        });
        CHECK(world.remote().pending() == 0);
    }
    CHECK(world.account(romeo_jid).roster().find(friar_jid) == nullptr);
}

TEST_CASE_FIXTURE(Verona, "stanzas that change nothing are not delivered") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    for (const char* type : {"subscribed", "unsubscribed", "unsubscribe"}) {
        world.arrive("<presence from='friar@church.example' to='romeo@example.org' type='" +
                     std::string(type) + "'/>");
        CHECK(romeo.pending() == 0);
        CHECK(world.remote().pending() == 0);
        CHECK(world.account(romeo_jid).roster().find(friar_jid) == nullptr);
    }
    romeo.send("<presence type='subscribe' to='romeo@example.org'/>");
    CHECK(romeo.pending() == 0);
    CHECK(world.account(romeo_jid).roster().items().empty());
}

TEST_CASE_FIXTURE(Verona, "a request another server did not answer is repeated at login") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence type='subscribe' to='friar@church.example'/>");
    romeo.close();
    world.remote().drop_all();
    world.log_in("romeo@example.org/orchard");
    CHECK(next(world.remote()) ==
          "presence/subscribe from romeo@example.org to friar@church.example");
}

TEST_CASE("requests of strangers are limited in number and size") {
    World world({.config = "[roster]\nmax_requests = 1\nmax_request_size = 256\n"});
    world.add_account(romeo_jid);
    const auto request = [&](std::string from) {
        world.arrive("<presence type='subscribe' to='romeo@example.org' from='" + from +
                     "'><status>" + std::string(300, 'x') + "</status></presence>");
        return next(world.remote());
    };
    CHECK(request("a@b.example") == "nothing");
    CHECK(request("c@b.example") == "nothing");
    const auto& items = world.account(romeo_jid).roster().items();
    REQUIRE(items.size() == 1);
    CHECK(items[0].jid == "a@b.example");
    CHECK(items[0].pending_in.size() < 256);
}

TEST_CASE("a full roster takes no more subscriptions") {
    World world({.config = "[roster]\nmax_items = 1\n"});
    world.add_account(romeo_jid);
    world.befriend(romeo_jid, friar_jid, Subscription::none);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    for (const char* type : {"subscribe", "subscribed"}) {
        romeo.send("<presence to='a@b.example' type='" + std::string(type) + "'/>");
        CHECK(read_error(romeo.pop().root()).condition ==
              StanzaErrorCondition::resource_constraint);
    }
    romeo.send("<presence to='friar@church.example' type='subscribe'/>");
    CHECK(romeo.pending() == 0);
    CHECK(world.account(romeo_jid).roster().items().size() == 1);
}
