#include "server/core/archive_id.h"

#include <doctest/doctest.h>

#include "proto/ns.h"

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

TEST_CASE("only ids that claim to be the owner's are stripped") {
    auto parsed = Stanza::from_document(
        xml::parse_element("<message from='romeo@example.net/a' to='juliet@example.org'>"
                           "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='1'/>"
                           "<body>hi</body>"
                           "<stanza-id xmlns='urn:xmpp:sid:0' by='JULIET@Example.ORG' id='2'/>"
                           "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='3'/>"
                           "<stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example.net' id='4'/>"
                           "<origin-id xmlns='urn:xmpp:sid:0' id='5'/></message>",
                           ns::client));
    REQUIRE(parsed.ok());
    Stanza& stanza = **parsed;
    CHECK(has_stanza_id(stanza, "juliet@example.org"));
    strip_stanza_ids(stanza, "juliet@example.org");
    CHECK_FALSE(has_stanza_id(stanza, "juliet@example.org"));
    CHECK(stanza.body() == "hi");
    CHECK(stanza.root().child(ns::stanza_id, "stanza-id")->attr("id") == "4");
    CHECK(stanza.root().child(ns::stanza_id, "origin-id")->attr("id") == "5");

    add_stanza_id(stanza, Jid::trusted("juliet@example.org/balcony"), storage::ArchiveId{42});
    CHECK(has_stanza_id(stanza, "juliet@example.org"));
    strip_stanza_ids(stanza, "juliet@example.org");
    CHECK_FALSE(has_stanza_id(stanza, "juliet@example.org"));
}

}  // namespace
}  // namespace clarion::core
