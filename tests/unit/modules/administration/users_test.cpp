// Numbers and lists of users, and announcements to them (XEP-0133).
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

struct Audience : Theatre {
    using Theatre::Theatre;
    std::string number(const std::string& which) {
        CHECK(run(*bard, "get-" + which + "-users-num") == "completed");
        return result(which + "usersnum").front();
    }
    Values list(const std::string& which, const std::string& most = "none") {
        const std::string node =
            "get-" + which + "-users" + (which == "active" || which == "idle" ? "" : "-list");
        CHECK(run(*bard, node, field("max_items", {most})) == "completed");
        CHECK(offered.field("max_items")->options.size() == 7);
        Values names = result(which + "userjids");
        CHECK(std::is_sorted(names.begin(), names.end()));
        return names;
    }
};

TEST_CASE_FIXTURE(Audience, "registered users are those of the host") {
    CHECK(number("registered") == "3");
    CHECK(list("registered") ==
          Values{"bard@example.org", "juliet@example.org", "romeo@example.org"});
    Client& chief = world.log_in("chief@example.net/stage");
    CHECK(run(chief, "get-registered-users-num", "", "example.net") == "completed");
    CHECK(result("registeredusersnum") == Values{"2"});
}

TEST_CASE_FIXTURE(Audience, "disabled users") {
    CHECK(number("disabled") == "0");
    CHECK(list("disabled").empty());
    CHECK(run(*bard, "disable-user", field("accountjids", {"juliet@example.org"})) == "completed");
    CHECK(number("disabled") == "1");
    CHECK(list("disabled") == Values{"juliet@example.org"});
}

TEST_CASE_FIXTURE(Audience, "online users are active, or idle") {
    world.log_in("paris@example.net/x");
    CHECK(number("online") == "2");
    CHECK(list("online") == Values{"bard@example.org", "romeo@example.org"});
    CHECK(number("idle") == "0");
    romeo->send("<presence><show>away</show></presence>");
    CHECK(number("active") == "1");
    CHECK(list("active") == Values{"bard@example.org"});
    CHECK(number("idle") == "1");
    CHECK(list("idle") == Values{"romeo@example.org"});
    world.log_in("romeo@example.org/phone");  // one that is not away is enough
    CHECK(list("active") == Values{"bard@example.org", "romeo@example.org"});
    CHECK(list("idle").empty());
    world.connect("juliet@example.org/silent");  // connected, and not available
    CHECK(list("idle") == Values{"juliet@example.org"});
    CHECK(number("online") == "3");
}

TEST_CASE_FIXTURE(Audience, "a list is as long as was asked for, and says if there are more") {
    CHECK(list("registered", "2") == Values{"bard@example.org", "juliet@example.org"});
    CHECK(notes() == Values{"info: These are 2 of 3."});
    CHECK(list("registered", "3").size() == 3);
    CHECK(notes().empty());
    for (const auto* wrong : {"0", "-1", "many"})
        CHECK(run(*bard, "get-registered-users-list", field("max_items", {wrong})) ==
              "bad-request bad-payload");
    CHECK(run(*bard, "get-registered-users-list") == "completed");
    CHECK(result("registereduserjids").size() == 3);
}

TEST_CASE("no list is longer than the option says") {
    Audience audience("[administration]\nmax_items = 1\n");
    CHECK(audience.list("registered", "none").size() == 1);
    CHECK(audience.list("registered", "200").size() == 1);
    CHECK(audience.list("online").size() == 1);
    CHECK(audience.notes() == Values{"info: These are 1 of 2."});
}

TEST_CASE_FIXTURE(Audience, "an announcement reaches who is online") {
    Client& silent = world.connect("juliet@example.org/silent");
    Client& paris = world.log_in("paris@example.net/x");
    romeo->drop_all();
    CHECK(run(*bard, "announce", field("announcement", {"The play", "begins"})) == "completed");
    CHECK(notes() == Values{"info: sent to 2 sessions"});
    const auto heard = romeo->pop("message");
    CHECK(heard.root().attr("type") == "headline");
    CHECK(heard.root().attr("from") == "example.org");
    CHECK(heard.root().attr("to") == "romeo@example.org/orchard");
    CHECK(heard.root().child_text(ns::client, "body") == "The play\nbegins");
    CHECK(romeo->pending() == 0);
    CHECK(bard->pop("message").root().child_text(ns::client, "body") == "The play\nbegins");
    CHECK(silent.pending() == 0);
    CHECK(paris.pending() == 0);
    CHECK(run(*bard, "announce", field("announcement", {""})) == "bad-request bad-payload");
}

TEST_CASE("an announcement is no longer than the option says") {
    Audience audience("[administration]\nmax_text_bytes = 5\n");
    CHECK(audience.run(*audience.bard, "announce", Theatre::field("announcement", {"123456"})) ==
          "bad-request bad-payload");
    CHECK(audience.run(*audience.bard, "announce", Theatre::field("announcement", {"12345"})) ==
          "completed");
}

}  // namespace
}  // namespace clarion::administration
