#include "server/app/console/tables.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <string>

#include "server/app/console/chart.h"

using namespace clarion::app;
namespace core = clarion::core;
namespace json = boost::json;

namespace {

const core::AdminCommand sessions{.name = "session list",
                                  .columns = {{"jid", "jid"},
                                              {"queued", "queued", core::ColumnKind::number},
                                              {"asleep", "asleep", core::ColumnKind::mark},
                                              {"never", "never said"}},
                                  .none = "no sessions"};

bool has(const core::Html& page, std::string_view part) {
    return page.text().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a list is a table of the columns that any record has") {
    const json::value answer{{{"jid", "ann@example.org/x"}, {"queued", 1234567}, {"asleep", true}},
                             {{"jid", "bob@example.org/y"}, {"queued", 5}, {"asleep", false}}};
    TableStyle style;
    style.caption = "Sessions";
    style.account_link = "/admin/account?jid=";
    const core::Html table = table_of(sessions, answer, style);
    CHECK(has(table, "<caption>Sessions</caption>"));
    CHECK(has(table, "<a href=\"/admin/account?jid=ann%40example.org\">ann@example.org/x</a>"));
    CHECK(has(table, "class=\"number\">1 234 567</td>"));
    CHECK(has(table, ">asleep</td>"));
    CHECK_FALSE(has(table, "never said"));
    style.most = 1;
    CHECK(has(table_of(sessions, answer, style), "and 1 more"));
    CHECK(has(table_of(sessions, json::array()), "no sessions"));
}

TEST_CASE("numbers with a fraction are as people write them") {
    const struct {
        double value;
        const char* text;
    } cases[] = {{1.5, "1.5"},     {1.99, "1.99"}, {0.0015, "0.0015"},
                 {99.96, "100"},   {0, "0"},       {100.0, "100"},
                 {-2.25, "-2.25"}, {1e-9, "0"},    {1234567.8, "1 234 568"}};
    for (const auto& each : cases) CHECK(text_of(json::value(each.value)) == each.text);
}

TEST_CASE("nothing that users wrote becomes markup") {
    const std::string evil = "a@b/\"><script>alert('x')</script>";
    const json::value answer{{{"jid", evil}, {"queued", evil}, {"asleep", evil}, {"never", evil}}};
    TableStyle style;
    style.caption = evil;
    style.account_link = "/admin/account?jid=";
    for (const core::Html& page :
         {table_of(sessions, answer, style), table_of(sessions, answer.at(0), style),
          table_of(sessions, json::value(evil), style),
          table_of({.name = "x"}, json::value{evil, evil}),
          table_of({.name = "x"}, json::value{{{evil, evil}}, {{evil, 1}}})}) {
        CHECK_FALSE(has(page, "<script"));
        CHECK_FALSE(has(page, "b/\""));
    }
}

TEST_CASE("a record is names and values, a word itself") {
    const core::Html record = table_of(sessions, json::object{{"jid", "ann@example.org"},
                                                              {"some_thing", nullptr},
                                                              {"sessions_connected", -12345},
                                                              {"groups", {"a", "b"}}});
    CHECK(has(record, "<dt>sessions connected</dt><dd>-12 345</dd>"));
    CHECK(has(record, "<dd>a, b</dd>"));
    CHECK(text_of("2026-11-30T21:34:01.604698Z") == "2026-11-30 21:34:01 UTC");
    CHECK(text_of("2026-11-30T21:34:01Z") == "2026-11-30 21:34:01 UTC");
    CHECK(text_of("2026-11-30T21:34:0xZ") == "2026-11-30T21:34:0xZ");
    CHECK_FALSE(has(record, "some thing"));
}

TEST_CASE("a chart has gaps where nothing is known, and says its range in words") {
    const float gap = std::nanf("");
    const std::vector<float> values{gap, 1, 3, gap, 2, 2.5F};
    const core::Html drawn = chart("Sessions", "of <all>", values);
    CHECK(has(drawn, "aria-label=\"Sessions: 1 to 3 of &lt;all&gt; in the last day\""));
    CHECK(has(drawn, "<p class=\"figure\">2.5 "));
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = drawn.text().find("<polyline", at)) != std::string::npos; ++at)
        ++lines;
    CHECK(lines == 2);
    CHECK(has(chart("Nothing", "", {}), "nothing yet"));
    CHECK(has(chart("Zero", "", std::vector<float>(2000, 0)), "0 to 0"));
}
