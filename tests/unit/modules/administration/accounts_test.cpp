// Accounts looked after from a client (XEP-0133).
#include <doctest/doctest.h>

#include "modules/administration/forms.h"
#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

std::string accounts(const Values& jids) { return Theatre::field("accountjids", jids); }
std::string password_for(const std::string& jid, const std::string& password) {
    return Theatre::field("accountjid", {jid}) + Theatre::field("password", {password});
}

// ---- Reading -----------------------------------------------------------------------------------

std::string read(const Values& values, Addresses allowed = Addresses::bare) {
    DataForm form = DataForm::make("submit");
    form.add("accountjids", values);
    const auto read = read_accounts(form, "accountjids", 2, allowed);
    if (!read) return read.error().code;
    std::string result;
    for (const Jid& jid : *read) result += jid.full() + " ";
    return result;
}

TEST_CASE("accounts are read from a form") {
    CHECK(read({"Romeo@example.org", "", "romeo@Example.org"}) == "romeo@example.org ");
    CHECK(read({"a@x", "b@x"}) == "a@x b@x ");
    CHECK(read({"a@x", "b@x", "c@x"}) == "bad-payload");
    CHECK(read({}) == "bad-payload");
    CHECK(read({""}) == "bad-payload");
    CHECK(read({"example.org"}) == "bad-payload");
    CHECK(read({"a b@x"}) == "bad-payload");
    CHECK(read({"a@x/1"}) == "bad-payload");
    CHECK(read({"a@x/1", "a@x/2"}, Addresses::full) == "a@x/1 a@x/2 ");
}

TEST_CASE("a text is read from a form") {
    DataForm form = DataForm::make("submit");
    CHECK_FALSE(read_text(form, "motd", 10));
    form.add("motd", Values{"one", "two"});
    CHECK(read_text(form, "motd", 7).value_or("") == "one\ntwo");
    CHECK_FALSE(read_text(form, "motd", 6));
}

// ---- Commands ----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Theatre, "a user is added") {
    for (const auto* to : {"example.org", "bard@example.org"}) {
        const std::string jid = to[0] == 'b' ? "iago@example.org" : "Othello@example.org";
        CHECK(run(*bard, "add-user",
                  password_for(jid, "secret") + field("password-verify", {"secret"}),
                  to) == "completed");
        CHECK(offered.field("accountjid")->required);
        CHECK(offered.field("password")->type == "text-private");
        CHECK(offered.field("password-verify"));
    }
    CHECK(record("iago@example.org"));
    CHECK(record("othello@example.org")->credentials.sha256);
}

TEST_CASE_FIXTURE(Theatre, "a user that cannot be is not added") {
    CHECK(run(*bard, "add-user", password_for("juliet@example.org", "x")) == "conflict");
    CHECK(run(*bard, "add-user", password_for("iago@example.org", "")) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "add-user", field("password", {"x"})) == "bad-request bad-payload");
    CHECK(run(*bard, "add-user", password_for("example.org", "x")) == "bad-request bad-payload");
    CHECK(run(*bard, "add-user", password_for("iago@example.org/x", "x")) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "add-user",
              password_for("iago@example.org", "x") + field("password-verify", {"y"})) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "add-user", password_for("iago@example.org", "a&#x9;b")) == "not-acceptable");
    CHECK(run(*bard, "add-user", password_for("iago@example.com", "x")) == "item-not-found");
    CHECK_FALSE(record("iago@example.org"));
}

TEST_CASE_FIXTURE(Theatre, "an administrator acts on hosts that they administer only") {
    CHECK(run(*bard, "add-user", password_for("iago@example.net", "x")) == "forbidden");
    CHECK(run(*bard, "delete-user", accounts({"juliet@example.org", "paris@example.net"})) ==
          "forbidden");
    CHECK(record("juliet@example.org"));
    CHECK(run(*bard, "delete-user", accounts({"paris@example.net"}), "example.net") ==
          "item-not-found");  // no such command for them there
    Client& chief = world.log_in("chief@example.net/stage");
    CHECK(run(chief, "delete-user", accounts({"juliet@example.org", "paris@example.net"})) ==
          "completed");
    CHECK_FALSE(record("juliet@example.org"));
    CHECK_FALSE(record("paris@example.net"));
}

TEST_CASE_FIXTURE(Theatre, "others run nothing") {
    for (const auto* name :
         {"add-user", "delete-user", "disable-user", "reenable-user", "end-user-session",
          "change-user-password", "get-user-roster", "user-stats", "get-registered-users-num",
          "get-online-users-list", "announce"})
        for (const auto* to : {"example.org", "romeo@example.org"}) {
            CAPTURE(name);
            CHECK(run(*romeo, name, "", to) == "item-not-found");
        }
}

TEST_CASE_FIXTURE(Theatre, "users are deleted") {
    CHECK(run(*bard, "delete-user", accounts({"romeo@example.org", "juliet@example.org"})) ==
          "completed");
    CHECK(notes().empty());
    CHECK_FALSE(record("romeo@example.org"));
    CHECK_FALSE(record("juliet@example.org"));
    CHECK(romeo->ended());
    CHECK(run(*bard, "delete-user", accounts({"romeo@example.org"})) == "item-not-found");
}

TEST_CASE_FIXTURE(Theatre, "of several what failed is told") {
    CHECK(run(*bard, "delete-user", accounts({"nobody@example.org", "juliet@example.org"})) ==
          "completed");
    CHECK_FALSE(record("juliet@example.org"));
    REQUIRE(notes().size() == 1);
    CHECK(notes()[0].starts_with("error: nobody@example.org: "));
}

TEST_CASE_FIXTURE(Theatre, "an administrator does not delete or disable their own account") {
    CHECK(run(*bard, "delete-user", accounts({"juliet@example.org", "bard@example.org"})) ==
          "not-allowed");
    CHECK(run(*bard, "disable-user", accounts({"bard@example.org"})) == "not-allowed");
    CHECK(record("juliet@example.org"));
    CHECK_FALSE(record("bard@example.org")->disabled);
}

TEST_CASE_FIXTURE(Theatre, "a user is disabled, and enabled again") {
    CHECK(run(*bard, "disable-user", accounts({"romeo@example.org"})) == "completed");
    CHECK(record("romeo@example.org")->disabled);
    CHECK(romeo->ended());
    CHECK(run(*bard, "reenable-user", accounts({"romeo@example.org"})) == "completed");
    CHECK_FALSE(record("romeo@example.org")->disabled);
    CHECK(run(*bard, "disable-user", accounts({"nobody@example.org"})) == "item-not-found");
    CHECK(run(*bard, "reenable-user", accounts({"nobody@example.org"})) == "item-not-found");
}

TEST_CASE_FIXTURE(Theatre, "one session is ended, or all of a user's") {
    Client& tablet = world.log_in("romeo@example.org/tablet");
    Client& phone = world.log_in("romeo@example.org/phone");
    CHECK(run(*bard, "end-user-session", accounts({"romeo@example.org/tablet"})) == "completed");
    CHECK(tablet.ended());
    CHECK_FALSE(phone.ended());
    CHECK(run(*bard, "end-user-session", accounts({"romeo@example.org"})) == "completed");
    CHECK(phone.ended());
    CHECK(romeo->ended());
    CHECK(run(*bard, "end-user-session", accounts({"romeo@example.org"})) == "item-not-found");
    CHECK(run(*bard, "end-user-session", accounts({"nobody@example.org"})) == "item-not-found");
}

TEST_CASE_FIXTURE(Theatre, "a password is changed") {
    CHECK(run(*bard, "change-user-password", password_for("romeo@example.org", "new")) ==
          "completed");
    CHECK(record("romeo@example.org")->credentials.sha256);
    CHECK(romeo->ended());
    CHECK(run(*bard, "change-user-password", password_for("romeo@example.org", "")) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "change-user-password", password_for("nobody@example.org", "x")) ==
          "item-not-found");
    CHECK(run(*bard, "change-user-password", password_for("paris@example.net", "x")) ==
          "forbidden");
}

TEST_CASE("no more accounts at once than the option says") {
    Theatre theatre("[administration]\nmax_items = 1\n");
    CHECK(theatre.run(*theatre.bard, "delete-user",
                      accounts({"romeo@example.org", "juliet@example.org"})) ==
          "bad-request bad-payload");
    CHECK(theatre.record("romeo@example.org"));
}

TEST_CASE_FIXTURE(Theatre, "a roster is shown") {
    world.befriend("romeo@example.org", "juliet@example.org");
    world.befriend("romeo@example.org", "nurse@example.org", core::Subscription::from);
    CHECK(run(*bard, "get-user-roster", accounts({"romeo@example.org"})) == "completed");
    CHECK(result("accountjids") == Values{"romeo@example.org"});
    const auto* query = command().child(ns::data_forms, "x")->child(ns::roster, "query");
    REQUIRE(query);
    CHECK(query->first_child()->attr("jid") == "juliet@example.org");
    CHECK(query->first_child()->attr("subscription") == "both");
    CHECK(query->first_child()->next_sibling()->attr("subscription") == "from");
    CHECK(run(*bard, "get-user-roster", accounts({"nobody@example.org"})) == "item-not-found");
    CHECK(run(*bard, "get-user-roster", accounts({"paris@example.net"})) == "forbidden");
    CHECK(run(*bard, "get-user-roster", accounts({"romeo@example.org", "juliet@example.org"})) ==
          "bad-request bad-payload");
}

TEST_CASE_FIXTURE(Theatre, "statistics of a user are told") {
    world.befriend("romeo@example.org", "juliet@example.org");
    const std::string whose = field("accountjid", {"romeo@example.org"});
    CHECK(run(*bard, "user-stats", whose) == "completed");
    CHECK(result("rostersize") == Values{"1"});
    CHECK(result("onlineresources") == Values{"orchard"});
    CHECK(result("ipaddresses").size() == 1);
    CHECK(result("sleepingresources") == Values{"0"});
    CHECK(result("offlinemessages") == Values{"0"});
    CHECK(run(*bard, "user-stats", field("accountjid", {"nobody@example.org"})) ==
          "item-not-found");
    CHECK(run(*bard, "user-stats", field("accountjid", {"paris@example.net"})) == "forbidden");
}

}  // namespace
}  // namespace clarion::administration
