#include "server/core/http/http_file_response.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/directory.h"
#include "tests/support/world.h"

namespace clarion::core {
namespace {

using namespace std::chrono_literals;

const WallTime then = WallTime(784111777s) + 250ms;  // Sun, 06 Nov 1994 08:49:37 GMT

HttpRequest get(std::vector<HttpField> fields = {}) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/file";
    request.fields = std::move(fields);
    return request;
}

/// Of 1000 bytes, 50 behind the beginning of what is on disk.
HttpResponse answer(const HttpRequest& request) {
    HttpFileContent content{.file = {.file = nullptr, .offset = 50, .size = 1000},
                            .etag = "\"abc\"",
                            .modified = then,
                            .type = "image/png",
                            .fields = {{"Cache-Control", "public"}}};
    return answer_with_file(request, std::move(content));
}

std::string field(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.fields)
        if (key == name) return value;
    return {};
}

/// "status offset+size", or "status" where no file is sent.
std::string outcome(const HttpResponse& response) {
    const auto* file = std::get_if<HttpFile>(&response.body);
    std::string text = std::to_string(response.status);
    if (file) text += " " + std::to_string(file->offset) + "+" + std::to_string(file->size);
    return text;
}

TEST_CASE("file response: the whole, with what is known of it") {
    const auto response = answer(get());
    CHECK(outcome(response) == "200 50+1000");
    CHECK(field(response, "ETag") == "\"abc\"");
    CHECK(field(response, "Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(field(response, "Content-Type") == "image/png");
    CHECK(field(response, "Accept-Ranges") == "bytes");
    CHECK(field(response, "Cache-Control") == "public");
}

TEST_CASE("file response: conditions") {
    struct Case {
        HttpField field;
        const char* outcome;
    };
    for (const auto& [said, expected] :
         {Case{{"If-None-Match", "\"abc\""}, "304"},
          Case{{"if-none-match", "\"x\", W/\"abc\""}, "304"}, Case{{"If-None-Match", "*"}, "304"},
          Case{{"If-None-Match", "\"abd\""}, "200 50+1000"},
          Case{{"If-None-Match", "abc"}, "200 50+1000"},
          Case{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}, "304"},
          Case{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}, "200 50+1000"},
          Case{{"If-Modified-Since", "yesterday"}, "200 50+1000"},
          Case{{"If-Match", "\"abc\""}, "200 50+1000"}, Case{{"If-Match", "\"abd\""}, "412"},
          Case{{"If-Match", "W/\"abc\""}, "412"},
          Case{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}, "412"},
          Case{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}, "200 50+1000"}}) {
        CAPTURE(said.second);
        const auto response = answer(get({said}));
        CHECK(outcome(response) == expected);
        CHECK(field(response, "ETag") == "\"abc\"");
        CHECK(field(response, "Cache-Control") == "public");
    }
    // A tag says more than a date.
    CHECK(outcome(answer(get({{"If-None-Match", "\"x\""},
                              {"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}))) ==
          "200 50+1000");
}

TEST_CASE("file response: ranges") {
    struct Case {
        const char* range;
        const char* outcome;
        const char* said;
    };
    for (const auto& [range, expected, said] :
         {Case{"bytes=0-0", "206 50+1", "bytes 0-0/1000"},
          Case{"bytes=10-19", "206 60+10", "bytes 10-19/1000"},
          Case{"Bytes=990-", "206 1040+10", "bytes 990-999/1000"},
          Case{"bytes=990-5000", "206 1040+10", "bytes 990-999/1000"},
          Case{"bytes=0-18446744073709551615", "206 50+1000", "bytes 0-999/1000"},
          Case{"bytes=-1", "206 1049+1", "bytes 999-999/1000"},
          Case{"bytes=-5000", "206 50+1000", "bytes 0-999/1000"},
          Case{"bytes=1000-", "416", "bytes */1000"},
          Case{"bytes=5000-6000", "416", "bytes */1000"}, Case{"bytes=-0", "416", "bytes */1000"},
          Case{"bytes=19-10", "200 50+1000", ""}, Case{"bytes=0-1,5-6", "200 50+1000", ""},
          Case{"bytes=a-b", "200 50+1000", ""}, Case{"bytes=-", "200 50+1000", ""},
          Case{"bytes=99999999999999999999-", "200 50+1000", ""},
          Case{"bytes=+1-2", "200 50+1000", ""}, Case{"lines=1-2", "200 50+1000", ""},
          Case{"bytes", "200 50+1000", ""}}) {
        CAPTURE(range);
        const auto response = answer(get({{"Range", range}}));
        CHECK(outcome(response) == expected);
        CHECK(field(response, "Content-Range") == said);
    }
}

TEST_CASE("file response: a part goes to who has the rest of this file") {
    const auto part = [](const char* known) {
        return outcome(answer(get({{"Range", "bytes=0-9"}, {"If-Range", known}})));
    };
    CHECK(part("\"abc\"") == "206 50+10");
    CHECK(part("Sun, 06 Nov 1994 08:49:37 GMT") == "206 50+10");
    CHECK(part("\"abd\"") == "200 50+1000");
    CHECK(part("W/\"abc\"") == "200 50+1000");
    CHECK(part("Sun, 06 Nov 1994 08:49:38 GMT") == "200 50+1000");
    HttpRequest head = get({{"Range", "bytes=0-9"}});
    head.method = "HEAD";
    CHECK(outcome(answer(head)) == "200 50+1000");
}

TEST_CASE("file response: nothing has no part") {
    HttpRange range;
    CHECK(parse_http_range("bytes=0-", 0, range) == HttpRangeKind::unsatisfiable);
    CHECK(parse_http_range("bytes=-1", 0, range) == HttpRangeKind::unsatisfiable);
}

std::string put(const test::Directory& directory, const std::string& name, std::string_view text) {
    std::ofstream(directory.path + "/" + name) << text;
    return directory.path + "/" + name;
}

TEST_CASE("file response: regular files alone are opened") {
    const test::Directory directory;
    const std::string file = put(directory, "file", "0123456789");
    const auto opened = open_regular_file(file);
    REQUIRE(opened);
    CHECK(opened->size == 10);
    CHECK(opened->etag.front() == '"');
    CHECK(open_regular_file(file)->etag == opened->etag);
    put(directory, "file", "0123456789a");
    CHECK(open_regular_file(file)->etag != opened->etag);
    REQUIRE(::symlink(file.c_str(), (directory.path + "/link").c_str()) == 0);
    REQUIRE(::mkfifo((directory.path + "/pipe").c_str(), 0600) == 0);
    for (const char* name : {"/link", "/pipe", "", "/none", "/file/below"}) {
        CAPTURE(name);
        const auto refused = open_regular_file(directory.path + name);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().is(error_code::item_not_found));
    }
}

TEST_CASE("file response: from disk, on a worker") {
    const test::Directory directory;
    const std::string file = put(directory, "file", "0123456789");
    test::World world;
    const auto ask = [&](const std::string& path) {
        HttpResponse answered;
        world.run_on(0, [&](Context& here) -> Task<> {
            HttpFileSource source{.path = path, .type = "text/plain"};
            HttpRequest request = get({{"Range", "bytes=2-3"}});
            answered = co_await answer_from_disk(here, std::move(request), std::move(source));
        });
        return answered;
    };
    const auto response = ask(file);
    CHECK(outcome(response) == "206 2+2");
    const auto& part = std::get<HttpFile>(response.body);
    char bytes[2];
    CHECK(::pread(part.file->get(), bytes, 2, 2) == 2);
    CHECK(std::string_view(bytes, 2) == "23");
    CHECK(outcome(ask(directory.path + "/none")) == "404");
}

}  // namespace
}  // namespace clarion::core
