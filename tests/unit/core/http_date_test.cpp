#include "server/core/http/http_date.h"

#include <doctest/doctest.h>

#include <chrono>

namespace clarion::core {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr WallTime example = sys_days(1994y / November / 6) + 8h + 49min + 37s;

TEST_CASE("http date: written in the one form of RFC 9110") {
    CHECK(format_http_date(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(format_http_date(example + 999ms) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(format_http_date(WallTime(-1us)) == "Wed, 31 Dec 1969 23:59:59 GMT");
    CHECK(format_http_date(sys_days(2024y / February / 29)) == "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST_CASE("http date: read in all three") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == example);
    CHECK(parse_http_date("Sunday, 06-Nov-24 08:49:37 GMT") ==
          sys_days(2024y / November / 6) + 8h + 49min + 37s);
}

TEST_CASE("http date: what is none") {
    for (const char* text : {"", "now", "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                             "Sun, 06 Nop 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:4x:37 GMT",
                             "Sun, 06 Nov 19945 08:49:37 GMT", "Sun, 0 Nov 1994 08:49:37 GMT"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_http_date(text));
    }
}

}  // namespace
}  // namespace clarion::core
