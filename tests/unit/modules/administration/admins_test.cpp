// The list of administrators, edited by one of them (XEP-0133, 4.29).
#include <doctest/doctest.h>

#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

struct Crew : Theatre {
    using Theatre::Theatre;
    std::string edit(const Values& names, Client* by = nullptr) {
        return run(by ? *by : *bard, "edit-admin", field("adminjids", names));
    }
    bool is_administrator(const std::string& name) { return record(name)->administrator; }
};

TEST_CASE_FIXTURE(Crew, "the list is shown, and edited") {
    CHECK(edit({"bard@example.org", "Juliet@example.org", "chief@example.net"}) == "completed");
    CHECK(offered.field("adminjids")->values == Values{"bard@example.org", "chief@example.net"});
    CHECK(notes().empty());
    CHECK(is_administrator("juliet@example.org"));
    CHECK(edit({"juliet@example.org", "chief@example.net"}) == "completed");
    CHECK_FALSE(is_administrator("bard@example.org"));
    CHECK(edit({"bard@example.org"}) == "item-not-found");  // they are none any more
}

TEST_CASE_FIXTURE(Crew, "who is in the configuration stays") {
    CHECK(edit({"bard@example.org"}) == "completed");
    CHECK(notes() == Values{"warn: chief@example.net stays: the configuration says so"});
    CHECK(edit({"bard@example.org", "chief@example.net"}) == "completed");
    CHECK(offered.field("adminjids")->values.size() == 2);
}

TEST_CASE_FIXTURE(Crew, "only accounts of the host are added") {
    CHECK(edit({"bard@example.org", "paris@example.net", "chief@example.net"}) ==
          "bad-request bad-payload");
    CHECK(edit({"bard@example.org", "x@example.com"}) == "bad-request bad-payload");
    CHECK(edit({"bard@example.org", "nobody@example.org"}) == "item-not-found");
    CHECK(run(*bard, "edit-admin") == "bad-request bad-payload");  // no list is no empty list
    CHECK(is_administrator("bard@example.org"));
}

TEST_CASE("the last administrator cannot remove themself") {
    Crew crew;
    SUBCASE("by an empty list, where the one of the configuration has no account") {
        crew.world.run("chief@example.net", [](core::Context& core) -> Task<> {
            const auto gone =
                co_await core.account_registry().remove(Jid::trusted("chief@example.net"));
            CHECK(gone.ok());
        });
        CHECK(crew.edit({}) == "not-allowed");
        CHECK(crew.is_administrator("bard@example.org"));
        CHECK(crew.edit({"juliet@example.org"}) == "completed");
        CHECK_FALSE(crew.is_administrator("bard@example.org"));
    }
    SUBCASE("but may where another one stays") {
        CHECK(crew.edit({}) == "completed");
        CHECK_FALSE(crew.is_administrator("bard@example.org"));
    }
}

TEST_CASE_FIXTURE(Crew, "what another administrator did meanwhile stays") {
    const std::string which = "node='http://jabber.org/protocol/admin#edit-admin'";
    CHECK(step(*bard, which, "", "example.org") == "executing");
    const std::string id(command().attr("sessionid"));
    set_administrator("juliet@example.org", true);
    CHECK(step(*bard, which + " sessionid='" + id + "'",
               "<x xmlns='jabber:x:data' type='submit'>" +
                   field("adminjids",
                         {"bard@example.org", "chief@example.net", "romeo@example.org"}) +
                   "</x>",
               "example.org") == "completed");
    CHECK(is_administrator("juliet@example.org"));
    CHECK(is_administrator("romeo@example.org"));
}

}  // namespace
}  // namespace clarion::administration
