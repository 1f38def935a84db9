#include "base/text.h"

#include <doctest/doctest.h>

using namespace clarion;
using namespace std::chrono_literals;

namespace {

std::string decoded(Result<std::string> result) { return result ? *result : "error"; }

std::string stamp(std::string_view text) {
    const Result<WallTime> time = parse_datetime(text);
    return time ? format_datetime(*time) : "error";
}

std::string duration(std::string_view text) {
    const Result<Duration> value = parse_duration(text);
    return value ? format_duration(*value) : "error";
}

}  // namespace

TEST_CASE("base64: the vectors of RFC 4648") {
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        CHECK(base64_encode(plain) == coded);
        CHECK(decoded(base64_decode(coded)) == plain);
    }
}

TEST_CASE("base64: every byte survives") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    CHECK(decoded(base64_decode(base64_encode(bytes))) == bytes);
    CHECK(decoded(base64url_decode(base64url_encode(bytes))) == bytes);
    CHECK(decoded(hex_decode(hex_encode(bytes))) == bytes);
}

TEST_CASE("base64: strict about padding, alphabet and stray bits") {
    for (const char* bad : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm 9v", "Zm9v\n",
                            "Zh==", "Zm9=", "Zg==Zg==", "Zm_v", "Zm-v"}) {
        CAPTURE(bad);
        CHECK_FALSE(base64_decode(bad).ok());
    }
}

TEST_CASE("base64url: no padding, the other alphabet") {
    CHECK(base64url_encode("\xfb\xff") == "-_8");
    CHECK(decoded(base64url_decode("-_8")) == "\xfb\xff");
    for (const char* bad : {"-_8=", "+/8", "A", "-_9"}) CHECK_FALSE(base64url_decode(bad).ok());
}

TEST_CASE("hex") {
    CHECK(hex_encode("\x01\xab") == "01ab");
    CHECK(decoded(hex_decode("01AB")) == "\x01\xab");
    for (const char* bad : {"0", "0g", "0x01", " 01"}) CHECK_FALSE(hex_decode(bad).ok());
}

TEST_CASE("words") {
    CHECK(to_lower_ascii("EXAMPLE.Org-\xc3\x84") == "example.org-\xc3\x84");
    CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split(",", ',') == std::vector<std::string_view>{"", ""});
    CHECK(trim(" \t a b\r\n") == "a b");
    CHECK(trim("  ") == "");
    CHECK(quote("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\n\\u0001\"");
}

TEST_CASE("parse_int takes a whole decimal number and nothing else") {
    CHECK(*parse_int("0") == 0);
    CHECK(*parse_int("-42") == -42);
    CHECK(*parse_int("9223372036854775807") == INT64_MAX);
    for (const char* bad : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "9223372036854775808"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_int(bad).ok());
    }
}

TEST_CASE("edit distance counts typed, dropped, replaced and swapped characters") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("max_errors", "max_errors") == 0);
    CHECK(edit_distance("max_erors", "max_errors") == 1);
    CHECK(edit_distance("max_errros", "max_errors") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("XEP-0082: stamps are read and written") {
    CHECK(stamp("1969-07-21T02:56:15Z") == "1969-07-21T02:56:15Z");
    CHECK(stamp("1969-07-20T21:56:15-05:00") == "1969-07-21T02:56:15Z");
    CHECK(stamp("2026-01-01T01:30:00+05:30") == "2025-12-31T20:00:00Z");
    CHECK(stamp("2026-01-01T00:00:00.5Z") == "2026-01-01T00:00:00.500Z");
    CHECK(stamp("2026-01-01T00:00:00.123456789Z") == "2026-01-01T00:00:00.123456Z");
    CHECK(stamp("2024-02-29T23:59:59Z") == "2024-02-29T23:59:59Z");
    CHECK(stamp("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00Z");
}

TEST_CASE("XEP-0082: what is not a stamp is refused") {
    for (const char* bad : {"",
                            "2026-01-01",
                            "2026-01-01T00:00:00",
                            "2026-01-01 00:00:00Z",
                            "2026-1-1T00:00:00Z",
                            "2026-02-29T00:00:00Z",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2026-01-00T00:00:00Z",
                            "2026-01-01T24:00:00Z",
                            "2026-01-01T00:60:00Z",
                            "2026-01-01T00:00:60Z",
                            "2026-01-01T00:00:00.Z",
                            "2026-01-01T00:00:00+0530",
                            "2026-01-01T00:00:00+15:00",
                            "2026-01-01T00:00:00+01:60",
                            "2026-01-01T00:00:00Zz",
                            "20a6-01-01T00:00:00Z",
                            "-026-01-01T00:00:00Z",
                            "0000-01-01T00:00:00Z"}) {
        CAPTURE(bad);
        CHECK(stamp(bad) == "error");
    }
}

TEST_CASE("durations are read and written") {
    CHECK(duration("72h") == "3d");
    CHECK(duration("10min") == "10min");
    CHECK(duration("10m") == "10min");
    CHECK(duration("90 s") == "90s");
    CHECK(duration("1.5h") == "90min");
    CHECK(duration("250ms") == "250ms");
    CHECK(duration("0s") == "0s");
    CHECK(duration("30sec") == "30s");
    for (const char* bad : {"", "10", "h", "10 fortnights", "1e3s", "10h30min", "1e999s", "infs",
                            "99999999999999999999d"}) {
        CAPTURE(bad);
        CHECK(duration(bad) == "error");
    }
    CHECK(format_duration(-90s) == "-90s");
}
