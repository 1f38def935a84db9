#include "server/core/accounts/roster.h"

#include <doctest/doctest.h>

#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

constexpr auto romeo = "romeo@example.org";

RosterItem item(std::string jid, Subscription subscription = Subscription::none) {
    RosterItem made;
    made.jid = std::move(jid);
    made.subscription = subscription;
    return made;
}

}  // namespace

TEST_CASE("items are found by address, whatever the order they were loaded in") {
    Roster roster;
    roster.load({item("c@x"), item("a@x"), item("b@x")}, 7);
    CHECK(roster.version() == 7);
    REQUIRE(roster.items().size() == 3);
    CHECK(roster.items()[0].jid == "a@x");
    CHECK(roster.find("b@x")->jid == "b@x");
    CHECK(roster.find("bb@x") == nullptr);
    CHECK(roster.find("") == nullptr);
    CHECK(roster.find("z@x") == nullptr);
}

TEST_CASE("who sees whom follows from the subscription") {
    Roster roster;
    roster.load({item("none@x"), item("to@x", Subscription::to), item("from@x", Subscription::from),
                 item("both@x", Subscription::both)},
                1);
    CHECK_FALSE(roster.shares_presence_with("none@x"));
    CHECK_FALSE(roster.shares_presence_with("to@x"));
    CHECK(roster.shares_presence_with("from@x"));
    CHECK(roster.shares_presence_with("both@x"));
    CHECK_FALSE(roster.shares_presence_with("nobody@x"));
}

TEST_CASE("changes raise the version and are there after a restart") {
    World world;
    world.add_account(romeo);
    Account& account = world.account(romeo);
    world.at(romeo, [&](Core& core) {
        Roster& roster = account.roster();
        RosterItem nurse = item("nurse@x", Subscription::both);
        nurse.name = "Nurse";
        nurse.groups = {"Servants", "Friends"};
        nurse.approved = true;
        CHECK(roster.put(core.shard(), account.id(), nurse).name == "Nurse");
        roster.put(core.shard(), account.id(), item("mercutio@x"));
        nurse.name = "Angelica";
        roster.put(core.shard(), account.id(), nurse);
        roster.remove(core.shard(), account.id(), "mercutio@x");
        CHECK(roster.version() == 4);
        roster.remove(core.shard(), account.id(), "mercutio@x");
        CHECK(roster.version() == 4);
    });
    world.crash_and_restart();
    const Roster& roster = world.account(romeo).roster();
    CHECK(roster.version() == 4);
    REQUIRE(roster.items().size() == 1);
    const RosterItem& nurse = roster.items().front();
    CHECK(nurse.jid == "nurse@x");
    CHECK(nurse.name == "Angelica");
    CHECK(nurse.groups == std::vector<std::string>{"Servants", "Friends"});
    CHECK(nurse.subscription == Subscription::both);
    CHECK(nurse.approved);
    CHECK(nurse.listed);
}
