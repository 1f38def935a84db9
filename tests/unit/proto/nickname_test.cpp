#include "proto/nickname.h"

#include <doctest/doctest.h>

using namespace clarion;

TEST_CASE("nicknames that look the same have one likeness") {
    const std::string alice = nickname_likeness("Alice");
    for (const char* same : {"alice", "ALICE", "  Alice ", "\xD0\x90lice",  // Cyrillic A
                             "Al\xD1\x96"
                             "ce",                 // Cyrillic i
                             "Alice\xE2\xA0\x80",  // a blank of Braille
                             "\xE2\xA0\x80"
                             "Alice\xF0\x9D\x85\x99",
                             "\xEF\xBC\xA1lice",               // full width
                             "Al\xE2\x80\x8Bice", "A1ice"}) {  // with nothing in it; a digit
        CAPTURE(same);
        CHECK(nickname_likeness(same) == alice);
    }
    for (const char* other : {"Alicia", "Alic", "Bob", "A lice"})
        CHECK(nickname_likeness(other) != alice);
    CHECK(nickname_likeness("b0b") == nickname_likeness("Bob"));
    CHECK(nickname_likeness("\xD0\xB0"
                            "dmin") == nickname_likeness("admin"));
}

TEST_CASE("what shows nothing is no nickname") {
    for (const char* blank : {"", "  ", "\xE2\xA0\x80", "\xE2\xA0\x80 \xE2\xA0\x80", "\xE2\x80\x8B",
                              "\xF0\x9D\x85\x99"})
        CHECK((nickname_likeness(blank).empty() && nickname_key(blank).empty()));
}

TEST_CASE("what is kept under a nickname's key is not found under one that is merely alike") {
    CHECK(nickname_key("ALICE ") == "alice");
    CHECK(nickname_key("Alice\xE2\xA0\x80") == "alice");
    CHECK(nickname_key("A1ice") == "a1ice");
    CHECK(nickname_key("modem") != nickname_key("modern"));
}
