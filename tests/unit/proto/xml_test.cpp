#include "proto/xml.h"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace ns = clarion::ns;
using namespace clarion::xml;

static_assert(std::is_trivially_destructible_v<Element>);
static_assert(std::is_nothrow_move_constructible_v<Document>);

TEST_CASE("arena: allocations are aligned and do not overlap") {
    Arena arena;
    CHECK(arena.footprint() == 0);
    char* last_end = nullptr;
    for (int i = 1; i < 200; ++i) {
        auto* at = static_cast<char*>(arena.allocate(static_cast<std::size_t>(i)));
        CHECK(reinterpret_cast<std::uintptr_t>(at) % alignof(void*) == 0);
        if (last_end != nullptr) CHECK((at >= last_end || at + i <= last_end));
        std::fill(at, at + i, 'x');
        last_end = at + i;
        arena.store("abc");
    }
    CHECK(arena.footprint() >= 199 * 100);
    CHECK(arena.footprint() < 64 * 1024);
}

TEST_CASE("arena: text is stored, extended in place, and may be larger than a chunk") {
    Arena arena;
    CHECK(arena.store("").empty());
    CHECK(arena.footprint() == 0);
    const auto first = arena.store("one");
    const auto longer = arena.extend(first, " two");
    CHECK(longer == "one two");
    CHECK(longer.data() == first.data());
    arena.store("between");
    const auto moved = arena.extend(longer, " three");
    CHECK(moved == "one two three");
    CHECK(longer == "one two");
    const std::string big(100000, 'z');
    CHECK(arena.store(big) == big);
    CHECK(arena.store("after") == "after");
}

TEST_CASE("arena: text in drops costs a bounded multiple of its size") {
    Arena arena;
    std::string_view text;
    std::string expected;
    for (int i = 0; i < 100000; ++i) {
        text = arena.extend(text, "x");
        expected += 'x';
    }
    CHECK(text == expected);
    CHECK(arena.footprint() < 8 * expected.size());
}

TEST_CASE("arena: moving leaves the other one empty") {
    Arena a;
    const auto text = a.store("kept");
    Arena b(std::move(a));
    CHECK(text == "kept");
    CHECK(b.footprint() == 1024);
    a = std::move(b);
    CHECK(text == "kept");
    CHECK(a.footprint() == 1024);
}

TEST_CASE("element: building and reading") {
    Document document("message", ns::client);
    Element& root = document.root();
    root.set_attr("to", "a@example.com").set_attr("id", "1").set_attr("lang", "en", ns::xml);
    root.add_text_child("body", "hello");
    root.add("x", "urn:example").add("y").add_text("z");

    CHECK(root.is(ns::client, "message"));
    CHECK(root.attr("to") == "a@example.com");
    CHECK(root.attr("none").empty());
    CHECK_FALSE(root.has_attr("lang"));
    CHECK(root.find_attr("lang", ns::xml) == "en");
    CHECK(root.child_text(ns::client, "body") == "hello");
    REQUIRE(root.child("urn:example", "x") != nullptr);
    CHECK(root.child("urn:example", "x")->child("urn:example", "y")->text() == "z");
    CHECK(root.child("urn:other", "x") == nullptr);
    CHECK(root.child("", "x") == root.child("urn:example", "*"));
    CHECK(root.child("", "*") == root.first_child());
    CHECK(to_string(root) ==
          "<message xmlns='jabber:client' to='a@example.com' id='1' xml:lang='en'>"
          "<body>hello</body><x xmlns='urn:example'><y>z</y></x></message>");
}

TEST_CASE("element: attributes are replaced in place and removed") {
    Document document("a", "urn:a");
    Element& root = document.root();
    root.set_attr("one", "1").set_attr("two", "2").set_attr("three", "3");
    root.set_attr("two", "two");
    root.remove_attr("one");
    root.remove_attr("none");
    CHECK(to_string(root) == "<a xmlns='urn:a' two='two' three='3'/>");
    root.set_attr("two", "");
    CHECK(root.has_attr("two"));
    CHECK(root.attr("two").empty());
}

TEST_CASE("element: the text is the first text, adjacent pieces are one") {
    Document document("a", "urn:a");
    Element& root = document.root();
    CHECK(root.text().empty());
    root.add_text("one ").add_text("").add_text("two");
    CHECK(root.text() == "one two");
    root.add("b");
    root.add_text("later");
    CHECK(root.text() == "one two");
    CHECK(root.first_node()->as_element() == nullptr);
    CHECK(root.first_node()->next->as_element() == root.first_child());
}

TEST_CASE("element: children are removed, also while walking over them") {
    Document document("a", "urn:a");
    Element& root = document.root();
    for (const char* name : {"b", "c", "d", "e"}) root.add(name);
    for (const Element& child : root.children()) {
        if (child.name() != "c") root.remove(child);
    }
    CHECK(to_string(root) == "<a xmlns='urn:a'><c/></a>");
    root.add("f");
    CHECK(to_string(root) == "<a xmlns='urn:a'><c/><f/></a>");
}

TEST_CASE("element: siblings skip text") {
    const Document document = parse_element("<a xmlns='urn:a'>x<b/>y<c/>z</a>");
    const Element* b = document.root().first_child();
    REQUIRE(b != nullptr);
    CHECK(b->name() == "b");
    REQUIRE(b->next_sibling() != nullptr);
    CHECK(b->next_sibling()->name() == "c");
    CHECK(b->next_sibling()->next_sibling() == nullptr);
}

TEST_CASE("element: a deep copy is independent, even of itself") {
    Document source =
        parse_element("<a xmlns='urn:a' k='v'>t<b xmlns='urn:b' xml:lang='en'><c/></b></a>");
    Document target("outer", "urn:outer");
    Element& copy = target.root().add_copy(source.root());
    copy.set_attr("k", "changed");
    copy.child("urn:b", "b")->add_text("new");
    CHECK(to_string(source.root()) ==
          "<a xmlns='urn:a' k='v'>t<b xmlns='urn:b' xml:lang='en'><c/></b></a>");
    source = Document();
    CHECK(to_string(target.root()) ==
          "<outer xmlns='urn:outer'><a xmlns='urn:a' k='changed'>t"
          "<b xmlns='urn:b' xml:lang='en'><c/>new</b></a></outer>");
    target.root().add_copy(target.root());
    CHECK(target.root().child("urn:outer", "outer")->child("urn:a", "a") != nullptr);
}

TEST_CASE("document: moves leave an empty one, clones are equal") {
    Document a("a", "urn:a");
    a.root().add_text_child("b", "text").add_raw("<raw xmlns='urn:r'/>");
    const Document copy = a.clone();
    Document b(std::move(a));
    CHECK(a.empty());
    CHECK(a.footprint() == 0);
    CHECK(to_string(b.root()) == to_string(copy.root()));
    a = std::move(b);
    CHECK(b.empty());
    CHECK_FALSE(a.empty());
    CHECK(Document().clone().empty());
    // Copies are kept: no larger than they must be, and large enough for addresses.
    Document kept = a.clone();
    const auto footprint = kept.footprint();
    CHECK(footprint < a.footprint());
    kept.root().set_attr("from", "juliet@im.example.com/balcony");
    kept.root().set_attr("to", "romeo@example.net");
    CHECK(kept.footprint() == footprint);
}

TEST_CASE("document: a small stanza fits into one chunk") {
    const Document document = parse_element(
        "<message xmlns='jabber:client' to='romeo@example.net/orchard' type='chat' id='abcdef12'>"
        "<body>Art thou not Romeo, and a Montague?</body><request xmlns='urn:xmpp:receipts'/>"
        "</message>");
    CHECK(document.footprint() == 1024);
}

TEST_CASE("parse_element: one element, nothing else") {
    CHECK(parse_element("<a/>").root().is("", "a"));
    CHECK(parse_element(" \n<a xmlns='urn:a'/>\t ").root().is("urn:a", "a"));
    CHECK(parse_element("<?xml version='1.0' encoding='utf-8'?><a/>").root().name() == "a");
    for (const char* bad : {"",
                            " ",
                            "text",
                            "<a>",
                            "</a>",
                            "<a/><b/>",
                            "<a/>x",
                            "x<a/>",
                            "<a></b>",
                            "<a",
                            "<a b/>",
                            "<a b='1' b='2'/>",
                            "<p:a/>",
                            "<a>&foo;</a>",
                            "<a>&#0;</a>",
                            "<a>\x01</a>",
                            "<a>\xff</a>",
                            "<a><!-- no --></a>",
                            "<!-- no --><a/>",
                            "<a><?no pi?></a>",
                            "<!DOCTYPE a><a/>",
                            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
                            "<?xml version='1.0' encoding='latin1'?><a/>",
                            "<a>]]></a>",
                            "<a b='<'/>"}) {
        CAPTURE(bad);
        CHECK(parse_element(bad).empty());
        CHECK(parse_element(bad, ns::client).empty());
    }
}

TEST_CASE("parse_element: the default namespace holds where none is declared") {
    const Document document =
        parse_element("<a><b xmlns='urn:b'/><c/><d xmlns=''/></a>", "urn:x&'");
    REQUIRE_FALSE(document.empty());
    CHECK(document.root().is("urn:x&'", "a"));
    CHECK(document.root().child("urn:b", "b") != nullptr);
    CHECK(document.root().child("urn:x&'", "c") != nullptr);
    CHECK(document.root().child("", "d")->ns().empty());
    CHECK(parse_element("</x><x>", ns::client).empty());
    CHECK(parse_element("<a/></x><x>", ns::client).empty());
    CHECK(parse_element("<a/></x>", ns::client).empty());
    CHECK(parse_element("<a/><b/>", ns::client).empty());
}

TEST_CASE("parse_element: depth and attributes are limited") {
    const auto nested = [](int depth) {
        std::string text;
        for (int i = 0; i < depth; ++i) text += "<a>";
        for (int i = 0; i < depth; ++i) text += "</a>";
        return text;
    };
    CHECK_FALSE(parse_element(nested(128)).empty());
    CHECK(parse_element(nested(129)).empty());
    CHECK_FALSE(parse_element(nested(128), ns::client).empty());
    CHECK(parse_element(nested(129), ns::client).empty());
    CHECK(parse_element(nested(100000)).empty());
    const auto wide = [](int attributes) {
        std::string text = "<a";
        for (int i = 0; i < attributes; ++i) text += " a" + std::to_string(i) + "=''";
        return text + "/>";
    };
    CHECK_FALSE(parse_element(wide(128)).empty());
    CHECK(parse_element(wide(129)).empty());
}

TEST_CASE("parse_element: text keeps its characters") {
    const Document document = parse_element(
        "<a b='1&#10;2&#9;3&#13;4 5\n6'>x&#13;\r\ny&amp;&lt;"
        "<![CDATA[<&>]]>&gt;&quot;&apos;</a>");
    REQUIRE_FALSE(document.empty());
    CHECK(document.root().attr("b") == "1\n2\t3\r4 5 6");
    CHECK(document.root().text() == "x\r\ny&<<&>>\"'");
    CHECK(document.root().first_node()->next == nullptr);
}
