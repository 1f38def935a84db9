#include "server/core/actors/archive_id.h"

#include <doctest/doctest.h>

#include <set>

#include "proto/stanza_id.h"
#include "tests/support/world.h"

namespace clarion::core {
namespace {

using storage::AccountId;
using storage::ArchiveId;

TEST_CASE("archive ids as text and back") {
    const ArchiveCipher cipher("secret");
    const ArchiveIds ids(cipher, AccountId{7});
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{1767225600000000},
                                       std::uint64_t{18446744073709551615u}}) {
        const std::string text = ids.format(ArchiveId{number});
        CHECK(text.size() == 22);
        CHECK(ids.parse(text) == ArchiveId{number});
    }
    for (const char* foreign :
         {"", "0", "1767225600000000", "28482-98726-73623", "AAAAAAAAAAAAAAAAAAAAAA", "\xff"}) {
        INFO(foreign);
        CHECK_FALSE(ids.parse(foreign).has_value());
    }
}

TEST_CASE("the ids of another archive, or of another server, are not ours") {
    const ArchiveCipher cipher("secret"), other("another");
    const std::string text = ArchiveIds(cipher, AccountId{7}).format(ArchiveId{42});
    CHECK_FALSE(ArchiveIds(cipher, AccountId{8}).parse(text).has_value());
    CHECK_FALSE(ArchiveIds(other, AccountId{7}).parse(text).has_value());
    const ArchiveCipher again("secret");
    CHECK(ArchiveIds(again, AccountId{7}).format(ArchiveId{42}) == text);
}

TEST_CASE("an id has one spelling") {
    const ArchiveCipher cipher("secret");
    const ArchiveIds ids(cipher, AccountId{7});
    const std::string text = ids.format(ArchiveId{42});
    CHECK_FALSE(ids.parse(text + "==").has_value());
    // The last character has four bits to spare.
    int accepted = 0;
    for (const char last : std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"))
        accepted += ids.parse(text.substr(0, 21) + last) == ArchiveId{42};
    CHECK(accepted <= 1);
}

TEST_CASE("one id tells nothing of the next") {
    const ArchiveCipher cipher("secret");
    const ArchiveIds ids(cipher, AccountId{7});
    std::set<std::string> beginnings;
    for (std::uint64_t i = 0; i < 1000; ++i)
        beginnings.insert(ids.format(ArchiveId{1767225600000000 + i}).substr(0, 8));
    CHECK(beginnings.size() == 1000);
}

TEST_CASE("the id is said in the name of the bare address") {
    test::World world;
    world.add_account("juliet@example.org");
    Account& juliet = world.account("juliet@example.org");
    const auto stanza =
        Stanza::make(StanzaKind::message, StanzaType::chat, Jid::trusted("romeo@example.net/a"),
                     Jid::trusted("juliet@example.org/balcony"));
    add_stanza_id(*stanza, juliet, ArchiveId{42});
    CHECK(find_stanza_id(stanza->root(), juliet.jid()) ==
          juliet.context().archive_ids(juliet.id()).format(ArchiveId{42}));
}

}  // namespace
}  // namespace clarion::core
