#include "server/core/archive_id.h"

#include <doctest/doctest.h>

#include "proto/stanza_id.h"

namespace clarion::core {
namespace {

TEST_CASE("archive ids as text and back") {
    CHECK(format_archive_id(storage::ArchiveId{1767225600000000}) == "1767225600000000");
    CHECK(parse_archive_id("1767225600000000") == storage::ArchiveId{1767225600000000});
    CHECK(parse_archive_id("18446744073709551615") == storage::ArchiveId{18446744073709551615u});
    for (const char* foreign : {"", "0", "01", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616",
                                "28482-98726-73623"}) {
        INFO(foreign);
        CHECK_FALSE(parse_archive_id(foreign).has_value());
    }
}

TEST_CASE("the id is said in the name of the bare address") {
    const auto stanza =
        Stanza::make(StanzaKind::message, StanzaType::chat, Jid::trusted("romeo@example.net/a"),
                     Jid::trusted("juliet@example.org/balcony"));
    add_stanza_id(*stanza, stanza->to(), storage::ArchiveId{42});
    CHECK(find_stanza_id(stanza->root(), Jid::trusted("juliet@example.org")) == "42");
}

}  // namespace
}  // namespace clarion::core
