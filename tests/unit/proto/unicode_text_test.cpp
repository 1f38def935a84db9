#include "proto/unicode_text.h"

#include <doctest/doctest.h>

#include <string>

using namespace clarion;

TEST_CASE("well-formed UTF-8") {
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("plain text, longer than eight bytes"));
    CHECK(valid_utf8("\xc2\x80 \xdf\xbf"));
    CHECK(valid_utf8("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    CHECK(valid_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    CHECK(valid_utf8(std::string_view("\0", 1)));
}

TEST_CASE("what is not UTF-8") {
    CHECK_FALSE(valid_utf8("\x80"));              // continuation alone
    CHECK_FALSE(valid_utf8("\xc3"));              // cut
    CHECK_FALSE(valid_utf8("\xe2\x82"));          // cut
    CHECK_FALSE(valid_utf8("\xf0\x9f\x98"));      // cut
    CHECK_FALSE(valid_utf8("\xc0\xaf"));          // overlong
    CHECK_FALSE(valid_utf8("\xc1\xbf"));          // overlong
    CHECK_FALSE(valid_utf8("\xe0\x9f\xbf"));      // overlong
    CHECK_FALSE(valid_utf8("\xf0\x8f\xbf\xbf"));  // overlong
    CHECK_FALSE(valid_utf8("\xed\xa0\x80"));      // surrogate
    CHECK_FALSE(valid_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
    CHECK_FALSE(valid_utf8("\xf5\x80\x80\x80"));  // no such lead
    CHECK_FALSE(valid_utf8("\xff"));
    CHECK_FALSE(valid_utf8("12345678\xe2\x28\xa1"));  // broken after the fast stretch
    CHECK_FALSE(valid_utf8("1234567\xff"));
}

TEST_CASE("cutting keeps characters whole") {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";  // 1, 2, 3, 4 and 1 bytes
    const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t limit = 0; limit < std::size(ends); ++limit) {
        CAPTURE(limit);
        CHECK(utf8_truncate(text, limit).size() == ends[limit]);
        CHECK(valid_utf8(utf8_truncate(text, limit)));
    }
}

TEST_CASE("cutting what is not UTF-8 stays within the limit and near it") {
    const std::string text(100, '\x80');
    CHECK(utf8_truncate(text, 50).size() <= 50);
    CHECK(utf8_truncate(text, 50).size() >= 47);
    CHECK(utf8_truncate(text, 2).size() <= 2);
    CHECK(utf8_truncate(text, 0).empty());
}
