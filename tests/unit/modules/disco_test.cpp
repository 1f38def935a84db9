#include "modules/disco.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "modules/ping.h"
#include "proto/ns.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

std::string ask(std::string_view ns, std::string_view to, std::string_view node = {}) {
    std::string iq = "<iq type='get' id='d'";
    if (!to.empty()) iq += " to='" + std::string(to) + "'";
    iq += "><query xmlns='" + std::string(ns) + "'";
    if (!node.empty()) iq += " node='" + std::string(node) + "'";
    return iq + "/></iq>";
}
std::string info(std::string_view to, std::string_view node = {}) {
    return ask(ns::disco_info, to, node);
}
std::string items(std::string_view to, std::string_view node = {}) {
    return ask(ns::disco_items, to, node);
}

/// "category/type" of each identity, "var" of each feature, "jid" of each item.
std::set<std::string> contents(const xml::Document& answer) {
    std::set<std::string> found;
    const xml::Element* query = answer.root().first_child();
    if (!query) return found;
    for (const xml::Element& child : query->children()) {
        if (child.name() == "identity") {
            found.insert(std::string(child.attr("category")) + "/" +
                         std::string(child.attr("type")));
        } else {
            found.insert(std::string(child.attr("var")) + std::string(child.attr("jid")));
        }
    }
    return found;
}

StanzaErrorCondition refusal(const xml::Document& answer) {
    CHECK(answer.root().attr("type") == "error");
    return read_error(answer.root()).condition;
}

struct Verona {
    Client& enter_romeo() {
        world.add_account("romeo@example.org");
        world.add_account("juliet@example.org");
        return world.log_in("romeo@example.org/orchard");
    }
    World world{{.modules = {{.name = "disco", .install = disco::install},
                             {.name = "ping", .install = ping::install}},
                 .config = "[component.\"push.example.org\"]\nsecret = \"s\"\n"
                           "[component.\"rooms.example.net\"]\nsecret = \"s\"\n"
                           "[component.\"gateway.test\"]\nsecret = \"s\"\n"}};
    Client& romeo = enter_romeo();
};

using Contents = std::set<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Verona, "the server tells its identity and what modules have announced") {
    const auto answer = romeo.ask(info("example.org"));
    CHECK(answer.root().attr("from") == "example.org");
    CHECK(contents(answer) == Contents{"server/im", std::string(ns::disco_info),
                                       std::string(ns::disco_items), std::string(ns::ping)});
}

TEST_CASE_FIXTURE(Verona, "the server's items are the components that are attached") {
    CHECK(contents(romeo.ask(items("example.org"))).empty());
    const auto note = [this](std::string_view domain, bool attached) {
        for (unsigned i = 0; i < 2; ++i) world.core(i).links().note_attached(domain, attached);
    };
    for (const char* each : {"push.example.org", "gateway.test", "rooms.example.net"})
        note(each, true);
    CHECK(contents(romeo.ask(items("example.org"))) ==
          Contents{"push.example.org", "gateway.test"});
    CHECK(contents(romeo.ask(items("example.net"))) ==
          Contents{"rooms.example.net", "gateway.test"});
    note("push.example.org", false);
    CHECK(contents(romeo.ask(items("example.org"))) == Contents{"gateway.test"});
}

TEST_CASE_FIXTURE(Verona, "users see their own account, with or without naming it") {
    for (const char* to : {"", "romeo@example.org"}) {
        CHECK(contents(romeo.ask(info(to))) ==
              Contents{"account/registered", std::string(ns::disco_info),
                       std::string(ns::disco_items), std::string(ns::ping)});
        CHECK(contents(romeo.ask(items(to))) == Contents{"romeo@example.org/orchard"});
    }
}

TEST_CASE_FIXTURE(Verona, "strangers cannot tell an account from none") {
    for (const char* to : {"juliet@example.org", "nobody@example.org"}) {
        CHECK(refusal(romeo.ask(info(to))) == StanzaErrorCondition::service_unavailable);
        CHECK(refusal(romeo.ask(info(to, "x"))) == StanzaErrorCondition::service_unavailable);
        for (const char* node : {"", "x"}) {  // XEP-0030, 8
            const auto empty = romeo.ask(items(to, node));
            CHECK(empty.root().attr("type") == "result");
            CHECK(empty.root().attr("from") == to);
            const xml::Element* query = empty.root().child(ns::disco_items, "query");
            REQUIRE(query);
            CHECK(query->attr("node") == node);
            CHECK_FALSE(query->has_children());
        }
        CHECK(refusal(romeo.ask(items(std::string(to) + "/x"))) ==
              StanzaErrorCondition::service_unavailable);
    }
}

TEST_CASE_FIXTURE(Verona, "contacts with whom presence is shared see account and resources") {
    world.befriend("juliet@example.org", "romeo@example.org", core::Subscription::from);
    world.log_in("juliet@example.org/balcony");
    world.connect("juliet@example.org/hidden");
    CHECK(contents(romeo.ask(info("juliet@example.org"))).contains("account/registered"));
    CHECK(contents(romeo.ask(items("juliet@example.org"))) ==
          Contents{"juliet@example.org/balcony"});
}

TEST_CASE_FIXTURE(Verona, "seeing somebody's presence does not mean being seen") {
    world.befriend("juliet@example.org", "romeo@example.org", core::Subscription::to);
    CHECK(refusal(romeo.ask(info("juliet@example.org"))) ==
          StanzaErrorCondition::service_unavailable);
}

TEST_CASE_FIXTURE(Verona, "there are no nodes") {
    CHECK(refusal(romeo.ask(info("example.org", "x"))) == StanzaErrorCondition::item_not_found);
    CHECK(refusal(romeo.ask(items("example.org", "x"))) == StanzaErrorCondition::item_not_found);
    CHECK(refusal(romeo.ask(info("", "x"))) == StanzaErrorCondition::item_not_found);
    CHECK(refusal(romeo.ask(items("", "x"))) == StanzaErrorCondition::item_not_found);
}
