#include "proto/nickname.h"

#include <doctest/doctest.h>

using namespace clarion;

TEST_CASE("nicknames that look the same have one key") {
    const std::string alice = nickname_key("Alice");
    for (const char* same : {"alice", "ALICE", "  Alice ", "\xD0\x90lice",  // Cyrillic A
                             "Al\xD1\x96"
                             "ce",                 // Cyrillic i
                             "Alice\xE2\xA0\x80",  // a blank of Braille
                             "\xE2\xA0\x80"
                             "Alice\xF0\x9D\x85\x99",
                             "\xEF\xBC\xA1lice",               // full width
                             "Al\xE2\x80\x8Bice", "A1ice"}) {  // with nothing in it; a digit
        CAPTURE(same);
        CHECK(nickname_key(same) == alice);
    }
    for (const char* other : {"Alicia", "Alic", "Bob", "A lice"})
        CHECK(nickname_key(other) != alice);
    CHECK(nickname_key("b0b") == nickname_key("Bob"));
    CHECK(nickname_key("\xD0\xB0"
                       "dmin") == nickname_key("admin"));
}

TEST_CASE("what shows nothing is no nickname") {
    for (const char* blank : {"", "  ", "\xE2\xA0\x80", "\xE2\xA0\x80 \xE2\xA0\x80", "\xE2\x80\x8B",
                              "\xF0\x9D\x85\x99"})
        CHECK(nickname_key(blank).empty());
}
