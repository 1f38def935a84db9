// When a user was there last, and how much they do (XEP-0133, 4.9 and 4.10).
#include <doctest/doctest.h>

#include "base/text.h"
#include "modules/administration/rates.h"
#include "modules/last_activity/last_activity.h"
#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

using namespace std::chrono_literals;

TEST_CASE("rates: of less than a unit of time it is what there was") {
    CHECK(rate(0, 0s, 1s) == "0.00");
    CHECK(rate(3, 200ms, 1s) == "3.00");
    CHECK(rate(3, 12s, 1s) == "0.25");
    CHECK(rate(1, 10min, 1min) == "0.10");
}

struct Seen : Theatre {
    Seen() : Theatre({}, {{.name = "last_activity", .install = last_activity::install}}) {}
    Values last(const Values& names) {
        if (const auto done = run(*bard, "get-user-lastlogin", field("accountjids", names));
            done != "completed")
            return {done};
        return result("lastlogin");
    }
    std::string now() { return format_datetime(world.clock().wall()); }
};

TEST_CASE_FIXTURE(Seen, "last login: now, once, or never") {
    CHECK(last({"romeo@example.org"}) == Values{"online"});
    CHECK(result("accountjids") == Values{"romeo@example.org"});
    CHECK(last({"juliet@example.org"}) == Values{"never"});
    romeo->close();
    const std::string then = now();
    world.advance(90s);
    CHECK(last({"romeo@example.org", "juliet@example.org", "bard@example.org"}) ==
          Values{then, "never", "online"});
    CHECK(last({"nobody@example.org"}) == Values{"item-not-found"});
    CHECK(last({"paris@example.net"}) == Values{"forbidden"});
}

TEST_CASE_FIXTURE(Seen, "last login: of who sleeps, since when") {
    romeo->session().enable_sm(true, 0);
    romeo->cut();
    const std::string then = now();
    world.advance(30s);
    CHECK(last({"romeo@example.org"}) == Values{then});
}

TEST_CASE_FIXTURE(Theatre, "last login: where nobody keeps it, it is not known") {
    CHECK(run(*bard, "get-user-lastlogin", field("accountjids", {"juliet@example.org"})) ==
          "completed");
    CHECK(result("lastlogin") == Values{"unknown"});
}

TEST_CASE_FIXTURE(Theatre, "statistics: rates of who is there") {
    const auto stats = [&](const std::string& of) {
        CHECK(run(*bard, "user-stats", field("accountjid", {of})) == "completed");
        return result("stanzaspersecond").front() + " " + result("loginsperminute").front();
    };
    CHECK(stats("juliet@example.org") == "0.00 0.00");
    world.connect("romeo@example.org/phone");
    world.advance(240s);
    for (int i = 0; i < 60; ++i)
        romeo->send("<message to='juliet@example.org'><body>x</body></message>");
    const std::string rates = stats("romeo@example.org");
    CHECK(rates == "0.26 0.50");  // with the roster and presence of the login
}

}  // namespace
}  // namespace clarion::administration
