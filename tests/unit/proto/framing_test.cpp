#include "proto/framing.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "proto/ns.h"

using namespace clarion;

namespace {

/// What both framings say of the same thing.
struct Row {
    const char* what;
    void (*append)(const Framing& framing, std::string& out);
    const char* tcp;
    const char* websocket;
};

xml::Document features() {
    xml::Document document("features", ns::streams);
    document.root().add("mechanisms", ns::sasl).add_text_child("mechanism", "PLAIN");
    document.root().add("sm", ns::sm);
    return document;
}

constexpr std::array<Row, 9> rows{{
    {"a header with everything",
     [](const Framing& framing, std::string& out) {
         framing.append_header(out, {.content_ns = ns::client,
                                     .from = "example.org",
                                     .to = "romeo'@example.org",
                                     .id = "i",
                                     .lang = our_language});
     },
     "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
     "xmlns:stream='http://etherx.jabber.org/streams' from='example.org' "
     "to='romeo&apos;@example.org' id='i' version='1.0' xml:lang='en'>",
     "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' "
     "to='romeo&apos;@example.org' id='i' version='1.0' xml:lang='en'/>"},
    {"what is empty is left out",
     [](const Framing& framing, std::string& out) {
         framing.append_header(out, {.content_ns = ns::component, .id = "i", .version = {}});
     },
     "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
     "xmlns:stream='http://etherx.jabber.org/streams' id='i'>",
     "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='i'/>"},
    {"dialback is declared, between servers",
     [](const Framing& framing, std::string& out) {
         framing.append_header(out, {.content_ns = ns::server, .dialback = true});
     },
     "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
     "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
     "version='1.0'>",
     "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>"},
    {"features",
     [](const Framing& framing, std::string& out) {
         framing.append_features(out, features().root());
     },
     "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
     "<mechanism>PLAIN</mechanism></mechanisms><sm xmlns='urn:xmpp:sm:3'/></stream:features>",
     "<features xmlns='http://etherx.jabber.org/streams'>"
     "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
     "<mechanism>PLAIN</mechanism></mechanisms><sm xmlns='urn:xmpp:sm:3'/></features>"},
    {"a stanza",
     [](const Framing& framing, std::string& out) {
         const auto stanza =
             xml::parse_element("<message xmlns='jabber:client'><body>&lt;</body></message>");
         framing.append_stanza(out, stanza.root(), ns::client);
     },
     "<message><body>&lt;</body></message>",
     "<message xmlns='jabber:client'><body>&lt;</body></message>"},
    {"a stream error",
     [](const Framing& framing, std::string& out) {
         framing.append_error(out, {StreamErrorCondition::conflict});
     },
     "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
     "<error xmlns='http://etherx.jabber.org/streams'>"
     "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"},
    {"a stream error with a text",
     [](const Framing& framing, std::string& out) {
         framing.append_error(out, {StreamErrorCondition::reset, "a <b> & 'c'"});
     },
     "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
     "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>"
     "a &lt;b&gt; &amp; &apos;c&apos;</text></stream:error>",
     "<error xmlns='http://etherx.jabber.org/streams'>"
     "<reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
     "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>"
     "a &lt;b&gt; &amp; &apos;c&apos;</text></error>"},
    {"a stream error with a condition of the application's own",
     [](const Framing& framing, std::string& out) {
         xml::Document own("too-high", ns::sm);
         own.root().set_attr("h", "7");
         framing.append_error(out, {StreamErrorCondition::undefined_condition, {}, &own.root()});
     },
     "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
     "<too-high xmlns='urn:xmpp:sm:3' h='7'/></stream:error>",
     "<error xmlns='http://etherx.jabber.org/streams'>"
     "<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
     "<too-high xmlns='urn:xmpp:sm:3' h='7'/></error>"},
    {"the end", [](const Framing& framing, std::string& out) { framing.append_end(out); },
     "</stream:stream>", "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"},
}};

std::string written(const Framing& framing, const Row& row) {
    std::string out;
    row.append(framing, out);
    return out;
}

}  // namespace

TEST_CASE("framing: what is written over TCP and over WebSocket") {
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(written(tcp_framing(), row) == row.tcp);
        CHECK(written(websocket_framing(), row) == row.websocket);
    }
}

TEST_CASE("framing: each message over WebSocket is a document, and no prefix is undeclared") {
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK_FALSE(xml::parse_element(written(websocket_framing(), row)).empty());
    }
}

TEST_CASE("framing: what is said over TCP is one document, the header its beginning") {
    std::string all = written(tcp_framing(), rows[0]);
    for (std::size_t i = 3; i < rows.size(); ++i) all += written(tcp_framing(), rows[i]);
    const auto document = xml::parse_element(all);
    REQUIRE_FALSE(document.empty());
    CHECK(document.root().is(ns::streams, "stream"));
    CHECK(document.root().child(ns::streams, "features") != nullptr);
    CHECK(document.root().child(ns::client, "message") != nullptr);
    CHECK(document.root().child(ns::streams, "error") != nullptr);
}

TEST_CASE("framing: a stanza on a stream of another content namespace") {
    const auto stanza =
        xml::parse_element("<message xmlns='jabber:client'><body>x</body></message>");
    std::string out;
    tcp_framing().append_stanza(out, stanza.root(), ns::server);
    CHECK(out == "<message><body>x</body></message>");  // jabber:server is in force there
}

TEST_CASE("framing: a peer's <open/> and <close/>") {
    const auto open = xml::parse_element(
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='romeo@example.org' "
        "to='example.org' version='1.0' xml:lang='it'/>");
    const auto header = read_websocket_open(open.root());
    REQUIRE(header.has_value());
    CHECK(header->from == "romeo@example.org");
    CHECK(header->to == "example.org");
    CHECK(header->id.empty());
    CHECK(header->version == "1.0");
    CHECK(header->lang == "it");
    CHECK(header->content_ns == ns::client);
    CHECK_FALSE(is_websocket_close(open.root()));

    const auto close = xml::parse_element("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    CHECK(is_websocket_close(close.root()));
    for (const char* other : {"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
                              "<open xmlns='jabber:client' to='example.org'/>"})
        CHECK_FALSE(read_websocket_open(xml::parse_element(other).root()).has_value());
}

TEST_CASE("framing: over BOSH each message stands for itself in a body, which says the rest") {
    constexpr std::string_view prefix = " xmlns:stream='http://etherx.jabber.org/streams'";
    for (const Row& row : rows) {
        CAPTURE(row.what);
        std::string expected = row.websocket;
        if (std::string_view(row.tcp).starts_with("<stream:")) {
            expected = row.tcp;
            expected.insert(expected.find('>'), prefix);
        }
        const bool is_said_by_body = std::string_view(row.tcp).starts_with("<?xml") ||
                                     std::string_view(row.tcp) == "</stream:stream>";
        CHECK(written(bosh_framing(), row) == (is_said_by_body ? std::string() : expected));
        if (!is_said_by_body) CHECK_FALSE(xml::parse_element(written(bosh_framing(), row)).empty());
    }
}
