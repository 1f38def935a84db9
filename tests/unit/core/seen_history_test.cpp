#include "server/core/accounts/seen_history.h"

#include <doctest/doctest.h>

#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;

TEST_CASE("seen history: it took what came between beginning and end, and takes what comes now") {
    SeenHistory seen;
    seen.begin_taking(10);
    CHECK_FALSE(seen.took(10, true));
    CHECK(seen.took(11, true));
    CHECK_FALSE(seen.took(11, false));
    seen.stop_taking(12);
    CHECK(seen.took(11, false));
    CHECK(seen.took(12, false));
    CHECK_FALSE(seen.took(13, false));
    seen.begin_taking(20);
    CHECK_FALSE(seen.took(15, true));
    CHECK(seen.took(12, true));
    CHECK(seen.took(21, true));
    seen.stop_taking(20);  // nothing came
    CHECK_FALSE(seen.took(20, false));
}

TEST_CASE("seen history: the number 0 is no message's") {
    SeenHistory seen;
    seen.note_delivered(0);
    CHECK_FALSE(seen.was_delivered(0));
    seen.note_delivered(7);
    CHECK(seen.was_delivered(7));
}

TEST_CASE("seen history: as text and back, and the account gives no number again") {
    test::World world;
    world.add_account("juliet@example.org");
    world.connect("juliet@example.org/phone");
    Account& account = world.account("juliet@example.org");
    account.skip_offline_seqs(9);
    SeenHistory seen;
    seen.note_read(storage::ArchiveId{100}, 1);
    seen.note_delivered(3);
    seen.begin_taking(4);
    seen.stop_taking(6);
    const std::string text = seen.to_text(account);
    SeenHistory restored;
    restored.restore(text, account);
    CHECK(restored.to_text(account) == text);
    CHECK(restored.has_read(storage::ArchiveId{100}));
    CHECK(restored.was_delivered(3));
    CHECK(restored.took(5, false));
    CHECK(account.last_offline_seq() == 9);

    SUBCASE("later numbers in the text") {
        restored.restore("12;4;;;;", account);
        CHECK(account.last_offline_seq() == 12);
    }
    SUBCASE("malformed text restores nothing") {
        for (const auto* malformed : {"", "12", "x;4;;;", "12;4;1;;;"}) {
            restored.restore(malformed, account);
            CHECK(restored.to_text(account) == text);
        }
    }
}

TEST_CASE("seen history: what is missed in one go is one stretch, whatever is in between") {
    SeenHistory seen;
    for (std::uint64_t seq = 10; seq <= 1000; seq += 10) seen.note_missed(seq, seq > 10);
    CHECK_FALSE(seen.missed(9));
    CHECK(seen.missed(10));
    CHECK(seen.missed(15));
    CHECK(seen.missed(1000));
    CHECK_FALSE(seen.missed(1001));
    seen.note_missed(2000, false);
    CHECK(seen.missed(2000));
    CHECK_FALSE(seen.missed(1999));
}

TEST_CASE("a session and its parts stay small") {
    CHECK(sizeof(Session) <= 464);
    CHECK(sizeof(StreamManagement) <= 160);
}
