#include "proto/forward.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;

TEST_CASE("forward: a stanza in an archive's result") {
    const auto stanza =
        xml::parse_element("<message xmlns='jabber:client' to='a@b'><body>x</body></message>");
    const std::string expected =
        "<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>"
        "<message xmlns='jabber:client' to='a@b'><body>x</body></message></forwarded></result>"
        "</message>";
    for (const bool raw : {false, true}) {
        for (const std::string_view stream : {ns::client, ns::server}) {
            xml::Document outer("message", ns::client);
            xml::Element& result = outer.root().add("result", ns::mam);
            if (raw) {
                add_forwarded_raw(result, xml::to_string(stanza.root()), "2010-07-10T23:08:25Z");
            } else {
                add_forwarded(result, stanza.root(), "2010-07-10T23:08:25Z");
            }
            std::string out;
            xml::write_stanza(out, outer.root(), stream);
            CHECK(out == expected);
        }
    }
}

TEST_CASE("forward: without a time there is no delay, and the stanza is found") {
    const auto stanza = xml::parse_element("<message xmlns='jabber:client' id='1'/>");
    xml::Document outer("received", ns::carbons);
    CHECK(find_forwarded(outer.root()) == nullptr);
    const xml::Element& forwarded = add_forwarded(outer.root(), stanza.root());
    CHECK(forwarded.first_child()->name() == "message");
    REQUIRE(find_forwarded(outer.root()) != nullptr);
    CHECK(find_forwarded(outer.root())->attr("id") == "1");
    const auto empty = xml::parse_element(
        "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></sent>");
    CHECK(find_forwarded(empty.root()) == nullptr);
}
