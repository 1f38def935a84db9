#include "modules/roster.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/events/stream_events.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.org";

std::string get(std::string_view id, std::string_view attributes = {}) {
    return "<iq type='get' id='" + std::string(id) + "'><query xmlns='jabber:iq:roster' " +
           std::string(attributes) + "/></iq>";
}
std::string set(std::string_view items, std::string_view iq_attributes = {}) {
    return "<iq type='set' id='s' " + std::string(iq_attributes) +
           "><query xmlns='jabber:iq:roster'>" + std::string(items) + "</query></iq>";
}

/// The <item/> of a roster push, or what came instead.
std::string item_of(const xml::Document& push) {
    const xml::Element* query = push.root().child(ns::roster, "query");
    if (!query || push.root().attr("type") != "set") return xml::to_string(push.root());
    std::string text;
    xml::write(text, *query->first_child(), ns::roster);
    return text;
}

struct Verona {
    Verona() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
    }
    /// Connected and interested.
    Client& join(std::string_view jid) {
        Client& client = world.connect(jid);
        client.ask(get("join"));
        return client;
    }
    StanzaErrorCondition refusal(Client& client, std::string_view iq) {
        const auto answer = client.ask(iq);
        CHECK(answer.root().attr("type") == "error");
        return read_error(answer.root()).condition;
    }

    World world{{.modules = {{.name = "roster",
                              .install = roster::install,
                              .declare_options = roster::declare_options}},
                 .config = "[roster]\nmax_items = 3\nmax_name_length = 10\nmax_groups = 2\n"
                           "max_group_length = 10\n"}};
};

}  // namespace

// --- get ----------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "an empty roster is an empty query with a version") {
    Client& romeo = world.connect("romeo@example.org/orchard");
    const auto result = romeo.ask(get("1"));
    CHECK(result.root().attr("type") == "result");
    const xml::Element* query = result.root().child(ns::roster, "query");
    REQUIRE(query);
    CHECK(query->attr("ver") == "1");
    CHECK_FALSE(query->has_children());
}

TEST_CASE_FIXTURE(Verona, "a roster shows listed items with all they have") {
    world.at(romeo_jid, [](core::Context& core) {
        core.accounts().with(romeo_jid, [&core](Result<core::Account*> found) {
            core::Account& account = **found;
            core::RosterItem nurse;
            nurse.jid = "nurse@example.org";
            nurse.name = "Nurse";
            nurse.groups = {"Servants", "A & B"};
            nurse.subscription = core::Subscription::from;
            nurse.ask_subscribe = true;
            nurse.approved = true;
            account.roster().put(core.shard(), account.id(), nurse);
            core::RosterItem stranger;
            stranger.jid = "stranger@example.org";
            stranger.pending_in = "<presence/>";
            stranger.listed = false;
            account.roster().put(core.shard(), account.id(), stranger);
        });
    });
    Client& romeo = world.connect("romeo@example.org/orchard");
    const auto result = romeo.ask(get("1"));
    const xml::Element& query = *result.root().child(ns::roster, "query");
    std::string text;
    xml::write(text, query);
    CHECK(text ==
          "<query xmlns='jabber:iq:roster' ver='2'>"
          "<item jid='nurse@example.org' subscription='from' name='Nurse' ask='subscribe' "
          "approved='true'><group>Servants</group><group>A &amp; B</group></item></query>");
}

TEST_CASE_FIXTURE(Verona, "a client that has the newest version is told so (XEP-0237)") {
    Client& romeo = join("romeo@example.org/orchard");
    romeo.ask(set("<item jid='a@example.org'/>"));
    romeo.ask(set("<item jid='b@example.org'/>"));
    CHECK(romeo.pop().root().child(ns::roster, "query")->attr("ver") == "1");
    CHECK(romeo.pop().root().child(ns::roster, "query")->attr("ver") == "2");
    const auto same = romeo.ask(get("1", "ver='2'"));
    CHECK(same.root().attr("type") == "result");
    CHECK_FALSE(same.root().has_children());
    for (const char* other : {"", "1", "3", "x"}) {
        const auto full = romeo.ask(get("2", "ver='" + std::string(other) + "'"));
        REQUIRE(full.root().child(ns::roster, "query"));
        CHECK(full.root().child(ns::roster, "query")->has_children());
    }
}

TEST_CASE("version 1 proves nothing: an untouched roster is announced so, too") {
    CHECK_FALSE(roster::is_current("1", 0));
    CHECK_FALSE(roster::is_current("1", 1));
    CHECK_FALSE(roster::is_current("", 2));
    CHECK(roster::is_current("2", 2));
}

TEST_CASE_FIXTURE(Verona, "a roster is its owner's alone") {
    Client& juliet = world.connect("juliet@example.org/balcony");
    world.befriend(romeo_jid, juliet_jid);
    CHECK(refusal(juliet, set("<item jid='x@example.org'/>", "to='romeo@example.org'")) ==
          StanzaErrorCondition::service_unavailable);
    CHECK(refusal(juliet,
                  "<iq type='get' id='g' to='romeo@example.org'>"
                  "<query xmlns='jabber:iq:roster'/></iq>") ==
          StanzaErrorCondition::service_unavailable);
    CHECK(world.account(romeo_jid).roster().find("x@example.org") == nullptr);
}

// --- set ----------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "adding an item: a push to all interested resources, then the result") {
    Client& romeo = join("romeo@example.org/orchard");
    Client& phone = join("romeo@example.org/phone");
    Client& uninterested = world.connect("romeo@example.org/watch");
    romeo.send(set("<item jid='Nurse@Example.org' name='Nurse'><group>Servants</group></item>"));
    const auto push = romeo.pop();
    CHECK(romeo.pop().root().attr("type") == "result");
    CHECK(item_of(push) ==
          "<item jid='nurse@example.org' subscription='none' name='Nurse'>"
          "<group>Servants</group></item>");
    CHECK(push.root().attr("to") == "romeo@example.org/orchard");
    CHECK_FALSE(push.root().has_attr("from"));
    CHECK_FALSE(push.root().attr("id").empty());
    CHECK(phone.pop().root().attr("to") == "romeo@example.org/phone");
    CHECK(uninterested.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "updating an item replaces name and groups, not the subscription") {
    world.befriend(romeo_jid, juliet_jid);
    Client& romeo = join("romeo@example.org/orchard");
    romeo.ask(
        set("<item jid='juliet@example.org' name='J' subscription='none' ask='subscribe' "
            "approved='true'><group>Friends</group></item>"));
    CHECK(item_of(romeo.pop()) ==
          "<item jid='juliet@example.org' subscription='both' name='J'>"
          "<group>Friends</group></item>");
    romeo.ask(set("<item jid='juliet@example.org' name=''/>"));
    CHECK(item_of(romeo.pop()) == "<item jid='juliet@example.org' subscription='both'/>");
}

TEST_CASE_FIXTURE(Verona, "roster sets that are refused change nothing") {
    Client& romeo = join("romeo@example.org/orchard");
    const std::string long_name(11, 'x');
    using enum StanzaErrorCondition;
    const std::pair<std::string, StanzaErrorCondition> cases[] = {
        {"", bad_request},
        {"<item jid='a@example.org'/><item jid='b@example.org'/>", bad_request},
        {"<other jid='a@example.org'/>", bad_request},
        {"<item/>", bad_request},
        {"<item jid='@'/>", jid_malformed},
        {"<item jid='a@example.org/home'/>", not_allowed},
        {"<item jid='romeo@example.org'/>", not_allowed},
        {"<item jid='a@example.org' name='" + long_name + "'/>", not_acceptable},
        {"<item jid='a@example.org'><group/></item>", not_acceptable},
        {"<item jid='a@example.org'><group>" + long_name + "</group></item>", not_acceptable},
        {"<item jid='a@example.org'><group>a</group><group>b</group><group>c</group></item>",
         not_acceptable},
        {"<item jid='a@example.org'><group>a</group><group>a</group></item>", bad_request},
        {"<item jid='a@example.org' subscription='remove'/>", item_not_found},
    };
    for (const auto& [items, condition] : cases) {
        CAPTURE(items);
        CHECK(refusal(romeo, set(items)) == condition);
    }
    CHECK(romeo.pending() == 0);
    CHECK(world.account(romeo_jid).roster().items().empty());
}

TEST_CASE_FIXTURE(Verona, "a full roster takes changes but no new items") {
    Client& romeo = join("romeo@example.org/orchard");
    for (const char* jid : {"a@x.example", "b@x.example", "c@x.example"}) {
        CHECK(romeo.ask(set("<item jid='" + std::string(jid) + "'/>")).root().attr("type") ==
              "result");
    }
    CHECK(refusal(romeo, set("<item jid='d@x.example'/>")) ==
          StanzaErrorCondition::resource_constraint);
    CHECK(romeo.ask(set("<item jid='c@x.example' name='C'/>")).root().attr("type") == "result");
}

TEST_CASE("a roster is bounded by what its items say, however few they are") {
    World world({.modules = {{.name = "roster",
                              .install = roster::install,
                              .declare_options = roster::declare_options}},
                 .config = "[roster]\nmax_bytes = 65536\n"});
    world.add_account(romeo_jid);
    Client& romeo = world.connect("romeo@example.org/orchard");
    const std::string name(1000, 'n');
    const auto item = [&](int i, std::string_view called) {
        return set("<item jid='" + std::to_string(i) + "@example.net' name='" +
                   std::string(called) + "'/>");
    };
    const auto type = [&](const std::string& iq) {
        return std::string(romeo.ask(iq).root().attr("type"));
    };
    for (int i = 0; i < 64; ++i) CHECK(type(item(i, name)) == "result");
    const auto refused = romeo.ask(item(64, name));
    CHECK(read_error(refused.root()).condition == StanzaErrorCondition::resource_constraint);
    // What is there may shrink, and stay as large as it is; then there is room again.
    CHECK(type(item(5, name)) == "result");
    CHECK(type(item(5, "short")) == "result");
    CHECK(type(item(64, name)) == "result");
    CHECK(type(item(5, name)) == "error");
    CHECK(type(set("<item jid='6@example.net' subscription='remove'/>")) == "result");
    CHECK(type(item(5, name)) == "result");
}

TEST_CASE_FIXTURE(Verona, "removing an item ends the subscriptions, on both sides") {
    world.befriend(romeo_jid, juliet_jid);
    world.befriend(juliet_jid, romeo_jid);
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& juliet = world.log_in("juliet@example.org/balcony");
    romeo.drop_all();
    romeo.send(set("<item jid='juliet@example.org' subscription='remove'/>"));
    CHECK(item_of(romeo.pop()) == "<item jid='juliet@example.org' subscription='remove'/>");
    CHECK(romeo.pop("iq").root().attr("type") == "result");
    CHECK(world.account(romeo_jid).roster().find(juliet_jid) == nullptr);

    CHECK(juliet.pop().root().attr("type") == "unavailable");
    CHECK(juliet.pop().root().attr("type") == "unsubscribe");
    CHECK(item_of(juliet.pop()) == "<item jid='romeo@example.org' subscription='to'/>");
    CHECK(juliet.pop().root().attr("type") == "unsubscribed");
    CHECK(item_of(juliet.pop()) == "<item jid='romeo@example.org' subscription='none'/>");
    CHECK(juliet.pending() == 0);
}

// --- subscriptions as clients see them ----------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "a subscription: pushes and stanzas in the order of RFC 6121, 3.1") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    Client& juliet = world.log_in("juliet@example.org/balcony");
    romeo.send("<presence type='subscribe' to='juliet@example.org'/>");
    CHECK(item_of(romeo.pop("iq")) ==
          "<item jid='juliet@example.org' subscription='none' ask='subscribe'/>");
    CHECK(juliet.pop().root().attr("type") == "subscribe");
    CHECK(juliet.pending() == 0);
    romeo.drop_all();

    juliet.send("<presence type='subscribed' to='romeo@example.org'/>");
    CHECK(item_of(juliet.pop()) == "<item jid='romeo@example.org' subscription='from'/>");
    CHECK(romeo.pop().root().attr("type") == "subscribed");
    CHECK(item_of(romeo.pop()) == "<item jid='juliet@example.org' subscription='to'/>");
    const auto presence = romeo.pop();
    CHECK(presence.root().attr("from") == "juliet@example.org/balcony");
    CHECK_FALSE(presence.root().has_attr("type"));
    CHECK(romeo.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "answers to requests go to interested resources only") {
    Client& interested = join("romeo@example.org/orchard");
    Client& available = world.connect("romeo@example.org/phone");
    available.send("<presence/>");
    available.send("<presence type='subscribe' to='friar@church.example'/>");
    interested.drop_all();
    available.drop_all();
    world.arrive(
        "<presence type='subscribed' from='friar@church.example' to='romeo@example.org'/>");
    CHECK(interested.pop().root().attr("type") == "subscribed");
    CHECK(item_of(interested.pop()) == "<item jid='friar@church.example' subscription='to'/>");
    CHECK(available.pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a pre-approval is pushed, and so is its withdrawal") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    romeo.send("<presence type='subscribed' to='friar@church.example'/>");
    CHECK(item_of(romeo.pop()) ==
          "<item jid='friar@church.example' subscription='none' approved='true'/>");
    CHECK(world.remote().pending() == 0);
    romeo.send("<presence type='unsubscribed' to='friar@church.example'/>");
    CHECK(item_of(romeo.pop()) == "<item jid='friar@church.example' subscription='none'/>");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Verona, "a request nobody sees in the roster causes no push") {
    Client& romeo = join("romeo@example.org/orchard");
    world.arrive("<presence type='subscribe' from='friar@church.example' to='romeo@example.org'/>");
    CHECK(romeo.pending() == 0);
    const auto result = romeo.ask(get("1"));
    CHECK_FALSE(result.root().child(ns::roster, "query")->has_children());
}

TEST_CASE_FIXTURE(Verona, "a hibernating resource stays interested, also across a crash") {
    Client& romeo = world.log_in("romeo@example.org/orchard");
    world.at(romeo_jid, [&](core::Context&) { romeo.session().enable_sm(true, 0); });
    romeo.cut();
    REQUIRE(romeo.session().is_hibernating());
    world.crash_and_restart();
    const core::Account& account = world.account(romeo_jid);
    REQUIRE(account.sessions().size() == 1);
    const auto before = account.sessions()[0]->hibernation().queued();
    Client& phone = world.connect("romeo@example.org/phone");
    phone.ask(set("<item jid='nurse@example.org'/>"));
    CHECK(account.sessions()[0]->hibernation().queued() == before + 1);
}

TEST_CASE_FIXTURE(Verona, "contacts of a deleted account lose their subscriptions") {
    world.befriend(romeo_jid, juliet_jid);
    world.befriend(juliet_jid, romeo_jid);
    world.run(romeo_jid, [](core::Context& core) -> Task<> {
        const auto removed = co_await core.account_registry().remove(Jid::trusted(romeo_jid));
        CHECK(removed.ok());
    });
    const core::RosterItem* left = world.account(juliet_jid).roster().find(romeo_jid);
    REQUIRE(left);
    CHECK(left->subscription == core::Subscription::none);
}

TEST_CASE_FIXTURE(Verona, "versions and pre-approval are announced before a session is bound") {
    xml::Document features("features", ns::streams);
    world.at("example.org", [&](core::Context& core) {
        core.bus().fire(events::StreamFeatures{core, {.host = "example.org"}, features.root()});
    });
    CHECK(features.root().child(ns::rosterver, "ver"));
    CHECK(features.root().child(ns::preapproval, "sub"));
}
