#include "proto/xml_writer.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"

namespace ns = clarion::ns;
using namespace clarion::xml;

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    escape(out, text);
    return out;
}

std::string on_stream(const Element& stanza, std::string_view content_ns) {
    std::string out;
    write_stanza(out, stanza, content_ns);
    return out;
}

}  // namespace

TEST_CASE("escape: at any place of a text of any length") {
    for (std::size_t size = 1; size < 50; ++size) {
        const std::string plain(size, 'x');
        CHECK(escaped(plain) == plain);
        for (std::size_t at = 0; at < size; ++at) {
            std::string text = plain;
            text[at] = '<';
            CHECK(escaped(text) == plain.substr(0, at) + "&lt;" + plain.substr(at + 1));
        }
    }
    // Each character, among others that need nothing.
    for (int c = 0x20; c < 0x80; ++c) {
        const std::string text = std::string(20, 'y') + static_cast<char>(c) + std::string(20, 'y');
        const bool is_special =
            std::string_view("<>&'\"").find(static_cast<char>(c)) != std::string_view::npos;
        CHECK((escaped(text) == text) == !is_special);
    }
}

TEST_CASE("escape: everything that has a meaning") {
    CHECK(escaped("") == "");
    CHECK(escaped("plain text") == "plain text");
    CHECK(escaped("<a b='c' d=\"e\">&</a>") ==
          "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;&lt;/a&gt;");
    CHECK(escaped("\t\n\r") == "&#x9;&#xA;&#xD;");
    CHECK(escaped("]]>") == "]]&gt;");
    CHECK(escaped("zß水🍌") == "zß水🍌");
    CHECK(escaped(std::string_view("a\0b\x01\x1f", 5)) == "a\uFFFDb\uFFFD\uFFFD");
}

TEST_CASE("writer: text and attributes survive a round trip") {
    Document document("a", "urn:a");
    const std::string nasty = " <>&'\"\t\n\r\r\n ]]> zß水🍌 ";
    document.root().set_attr("k", nasty).add_text(nasty);
    const std::string text = to_string(document.root());
    const Document again = parse_element(text);
    REQUIRE_FALSE(again.empty());
    CHECK(again.root().attr("k") == nasty);
    CHECK(again.root().text() == nasty);
    CHECK(to_string(again.root()) == text);
}

TEST_CASE("writer: line breaks in text stay readable") {
    Document document("a", "urn:a");
    document.root().add_text("one\n\ttwo's");
    CHECK(to_string(document.root()) == "<a xmlns='urn:a'>one\n\ttwo's</a>");
}

TEST_CASE("writer: namespaces are declared where they change") {
    const std::string text =
        "<a xmlns='urn:a'><b xmlns='urn:b'><c/><d xmlns='urn:a'><e/></d></b><f/>"
        "<g xmlns=''><h/><i xmlns='urn:a'/></g></a>";
    const Document document = parse_element(text);
    REQUIRE_FALSE(document.empty());
    CHECK(to_string(document.root()) == text);
    std::string inner;
    write(inner, document.root(), "urn:a");
    CHECK(inner.starts_with("<a><b xmlns='urn:b'>"));
}

TEST_CASE("writer: prefixes are resolved, attributes in a namespace get one") {
    const Document document = parse_element(
        "<p:a xmlns:p='urn:p' xmlns:q='urn:q' q:k='v' k='w' xml:lang='de' p:z='1'><p:b/></p:a>");
    REQUIRE_FALSE(document.empty());
    const std::string text = to_string(document.root());
    CHECK(text ==
          "<a xmlns='urn:p' xmlns:ns0='urn:q' ns0:k='v' k='w' xml:lang='de' xmlns:ns1='urn:p' "
          "ns1:z='1'><b/></a>");
    const Document again = parse_element(text);
    CHECK(again.root().find_attr("k", "urn:q") == "v");
    CHECK(again.root().find_attr("z", "urn:p") == "1");
    CHECK(again.root().attr("k") == "w");
}

TEST_CASE("writer: an element of the xml namespace keeps its prefix") {
    const Document document = parse_element("<a xmlns='urn:a'><xml:b k='v'><c/></xml:b></a>");
    REQUIRE_FALSE(document.empty());
    const std::string text = to_string(document.root());
    CHECK(text == "<a xmlns='urn:a'><xml:b k='v'><c/></xml:b></a>");
    CHECK_FALSE(parse_element(text).empty());
}

TEST_CASE("writer: raw XML is written as it is") {
    Document document("a", "urn:a");
    document.root().add_raw("<b xmlns='urn:b'>&amp;</b>").add_raw("").add("c");
    CHECK(to_string(document.root()) == "<a xmlns='urn:a'><b xmlns='urn:b'>&amp;</b><c/></a>");
    CHECK(to_string(document.clone().root()) == to_string(document.root()));
}

TEST_CASE("write_stanza: the content namespace of a client stream is inherited") {
    const Document document =
        parse_element("<message xmlns='jabber:client' to='a@b'><body>x</body></message>");
    CHECK(on_stream(document.root(), ns::client) == "<message to='a@b'><body>x</body></message>");
}

TEST_CASE("write_stanza: on a server stream the chain below the root is mapped, forwarded is not") {
    const Document document = parse_element(
        "<message xmlns='jabber:client'><body>x</body><error><text xmlns='urn:e'/></error>"
        "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<message xmlns='jabber:client'><body>y</body></message></forwarded></received></message>");
    CHECK(on_stream(document.root(), ns::server) ==
          "<message><body>x</body><error><text xmlns='urn:e'/></error>"
          "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
          "<message xmlns='jabber:client'><body>y</body></message></forwarded></received>"
          "</message>");
}

TEST_CASE("write_stanza: what is not a stanza keeps its namespace") {
    const Document document = parse_element("<r xmlns='urn:xmpp:sm:3'/>");
    CHECK(on_stream(document.root(), ns::server) == "<r xmlns='urn:xmpp:sm:3'/>");
    const Document nested = parse_element("<x xmlns='urn:x'><body xmlns='jabber:client'/></x>");
    CHECK(on_stream(nested.root(), ns::server) ==
          "<x xmlns='urn:x'><body xmlns='jabber:client'/></x>");
}
