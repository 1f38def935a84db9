// What a web server answered.
#include "server/app/tls_probe.h"

#include <doctest/doctest.h>

namespace clarion::app {
namespace {

TEST_CASE("status, place and body of an answer are read") {
    const auto found =
        parse_web_answer("HTTP/1.1 200 OK\r\nContent-Type: a\r\n\r\nbody\r\n\r\nend");
    CHECK(found.status == 200);
    CHECK(found.location.empty());
    CHECK(found.body == "body\r\n\r\nend");
    const auto moved =
        parse_web_answer("HTTP/1.0 301 Moved\r\nlocation:  https://example.org/a \r\n\r\n");
    CHECK(moved.status == 301);
    CHECK(moved.location == "https://example.org/a");
}

TEST_CASE("what is no answer has no status") {
    for (const char* text :
         {"", "HTTP/1.", "HTTP/1.\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n",
          "SSH-2.0-x\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 -10\r\n\r\n"})
        CHECK(parse_web_answer(text).status == 0);
}

}  // namespace
}  // namespace clarion::app
