#include "proto/xml_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace ns = clarion::ns;
using namespace clarion::xml;
using clarion::StreamErrorCondition;
using Event = XmlStream::Event;

namespace {

const std::string client_header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='juliet@im.example.com' "
    "to='im.example.com' version='1.0'>";
const std::string server_header =
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns:db='jabber:server:dialback' from='a.example' to='b.example' version='1.0'>";

std::string text_of(XmlStream& stream, Event event) {
    switch (event) {
        case Event::need_more: return "more";
        case Event::open: return "open " + stream.header().to;
        case Event::element: return to_string(stream.take().root());
        case Event::close: return "close";
        case Event::error: return "error " + std::string(name(stream.error()));
    }
    return "?";
}

/// Feeds `bytes` and collects events until it wants more or fails.
void collect(std::vector<std::string>& events, XmlStream& stream, std::string_view bytes) {
    stream.feed(bytes);
    for (;;) {
        const Event event = stream.next();
        if (event == Event::need_more) return;
        events.push_back(text_of(stream, event));
        if (event == Event::error) return;
    }
}

std::vector<std::string> run(std::string_view bytes, Limits limits = {},
                             std::size_t chunk = std::string_view::npos) {
    ParserPool pool;
    XmlStream stream(pool, limits);
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size(); at += std::min(chunk, bytes.size() - at)) {
        collect(events, stream, bytes.substr(at, chunk));
        if (!events.empty() && events.back().starts_with("error")) break;
    }
    return events;
}

/// The last event of a client stream that sends `bytes` after its header.
std::string after_header(std::string_view bytes, Limits limits = {}) {
    return run(client_header + std::string(bytes), limits).back();
}

std::string first_event(std::string_view bytes) {
    const auto events = run(bytes);
    return events.empty() ? "" : events.front();
}

/// As many stanzas as make a stream keep its parser while it waits.
std::string talkative() {
    std::string stanzas;
    for (int i = 0; i < 20; ++i) stanzas += "<iq/>";
    return stanzas;
}

}  // namespace

TEST_CASE("stream: header, elements, end") {
    ParserPool pool;
    XmlStream stream(pool, {});
    CHECK(stream.next() == Event::need_more);
    const std::string bytes = client_header +
                              "<a xmlns='urn:a'/> \n <message><body>hi</body>"
                              "</message></stream:stream>ignored <<<";
    stream.feed(bytes);
    REQUIRE(stream.next() == Event::open);
    CHECK(stream.header().from == "juliet@im.example.com");
    CHECK(stream.header().to == "im.example.com");
    CHECK(stream.header().version == "1.0");
    CHECK(stream.header().lang.empty());
    CHECK(stream.header().id.empty());
    CHECK(stream.header().content_ns == ns::client);
    CHECK_FALSE(stream.header().declares_dialback);
    REQUIRE(stream.header().namespaces.size() == 1);
    CHECK(stream.header().namespaces[0].first == "stream");
    CHECK(stream.header().namespaces[0].second == ns::streams);
    REQUIRE(stream.next() == Event::element);
    CHECK(stream.take().root().is("urn:a", "a"));
    REQUIRE(stream.next() == Event::element);
    CHECK(stream.take().root().child_text(ns::client, "body") == "hi");
    CHECK(stream.next() == Event::close);
    CHECK(stream.next() == Event::need_more);
    stream.feed("more");
    CHECK(stream.next() == Event::need_more);
}

TEST_CASE("stream: every event comes with the byte that completes it") {
    ParserPool pool;
    XmlStream stream(pool, {});
    const std::string message = "<message to='a@b'><body>x &amp; y</body></message>";
    const std::string bytes = client_header + message + message;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::vector<std::string> events;
        collect(events, stream, std::string_view(bytes).substr(i, 1));
        if (!events.empty()) at.push_back(i + 1);
    }
    REQUIRE(at.size() == 3);
    CHECK(at[0] == client_header.size());
    CHECK(at[1] == client_header.size() + message.size());
    CHECK(at[2] == bytes.size());
}

TEST_CASE("stream: events do not depend on how the bytes arrive") {
    const std::string bytes =
        server_header +
        "<message to='romeo@b.example' xml:lang='ｄｅ'><body>zß水🍌 &amp;&#x1F34C;\r\n</body>"
        "<x:x xmlns:x='urn:x' x:k='&lt;&#10;'><![CDATA[<raw/>]]></x:x></message>\n"
        "<db:result to='b.example' from='a.example'>key</db:result><iq/>"
        "<presence><show>away</show></presence></stream:stream>";
    const auto whole = run(bytes);
    REQUIRE(whole.size() == 6);
    CHECK(whole[1] ==
          "<message xmlns='jabber:client' to='romeo@b.example' xml:lang='ｄｅ'>"
          "<body>zß水🍌 &amp;🍌\n</body><x xmlns='urn:x' xmlns:ns0='urn:x' ns0:k='&lt;&#xA;'>"
          "&lt;raw/&gt;</x></message>");
    CHECK(whole[2] ==
          "<result xmlns='jabber:server:dialback' to='b.example' from='a.example'>"
          "key</result>");
    for (const std::size_t chunk : {1, 2, 3, 7, 64}) CHECK(run(bytes, {}, chunk) == whole);
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        ParserPool pool;
        XmlStream stream(pool, {});
        std::vector<std::string> events;
        collect(events, stream, std::string_view(bytes).substr(0, split));
        collect(events, stream, std::string_view(bytes).substr(split));
        CHECK(events == whole);
    }
}

TEST_CASE("stream: giving the parser back between any two bytes changes nothing") {
    const std::string bytes =
        "<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' "
        "xmlns:q='urn:q&apos;&amp;' to='b.example'>"
        "<message><q:x/></message> \n <q:y q:k='v'><s:features/></q:y></s:stream>";
    const auto whole = run(bytes);
    REQUIRE(whole.size() == 4);
    CHECK(whole[1] == "<message xmlns='jabber:client'><x xmlns='urn:q&apos;&amp;'/></message>");
    ParserPool pool;
    XmlStream stream(pool, {});
    std::vector<std::string> events;
    int released = 0;
    for (const char& byte : bytes) {
        collect(events, stream, {&byte, 1});
        released += stream.release_if_idle() ? 1 : 0;
    }
    CHECK(events == whole);
    CHECK(released >= 6);
    CHECK(pool.kept() == 1);
}

TEST_CASE("stream: the parser is given back only when nothing is buffered") {
    ParserPool pool;
    XmlStream stream(pool, {});
    CHECK(stream.release_if_idle());
    std::vector<std::string> events;
    collect(events, stream, "<stream:");
    CHECK_FALSE(stream.release_if_idle());
    collect(events, stream, client_header.substr(client_header.find("stream xmlns")));
    CHECK(stream.release_if_idle());
    CHECK(pool.kept() == 1);
    collect(events, stream, " \n");
    CHECK(pool.kept() == 1);  // white space needs no parser
    collect(events, stream, "<iq");
    CHECK(pool.kept() == 0);
    CHECK_FALSE(stream.release_if_idle());
    collect(events, stream, "><x");
    CHECK_FALSE(stream.release_if_idle());
    stream.feed("/></iq><iq/>");
    CHECK(stream.next() == Event::element);
    CHECK_FALSE(stream.release_if_idle());
    CHECK(stream.next() == Event::element);
    CHECK(stream.release_if_idle());
    CHECK(stream.next() == Event::need_more);
    CHECK(pool.kept() == 1);
}

TEST_CASE("stream: a pool keeps what it may, and frees parsers that have seen much") {
    ParserPool pool(1);
    {
        XmlStream a(pool, {});
        XmlStream b(pool, {});
        std::vector<std::string> events;
        collect(events, a, client_header);
        collect(events, b, client_header);
        CHECK(a.release_if_idle());
        CHECK(b.release_if_idle());
        CHECK(pool.kept() == 1);
        const std::string large = "<iq>" + std::string(200000, 'x') + "</iq>";
        collect(events, a, large);
        collect(events, a, large);
        CHECK(pool.kept() == 0);
        CHECK(a.release_if_idle());
        CHECK(pool.kept() == 0);
        collect(events, a, "<iq/>");
        CHECK(events.back() == "<iq xmlns='jabber:client'/>");
    }
    CHECK(pool.kept() == 1);
}

TEST_CASE("stream: with all parsers lent, who rested longest gives his up and goes on unharmed") {
    ParserPool pool(4, 2);
    XmlStream resting(pool, {});
    XmlStream busy(pool, {});
    XmlStream late(pool, {});
    std::vector<std::string> events;
    collect(events, busy, client_header + std::string("<iq><par"));
    collect(events, resting, client_header + talkative());
    CHECK(pool.lent() == 2);
    collect(events, late, client_header + talkative());
    CHECK(pool.lent() == 2);  // resting's went to late; busy, though longer unused, kept his
    events.clear();
    collect(events, busy, "t/></iq>");
    collect(events, resting, "<message/>");
    collect(events, late, "<presence/>");
    CHECK(events == std::vector<std::string>{"<iq xmlns='jabber:client'><part/></iq>",
                                             "<message xmlns='jabber:client'/>",
                                             "<presence xmlns='jabber:client'/>"});
    CHECK(pool.lent() == 2);
}

TEST_CASE("stream: who has said little gives the parser back between any two stanzas") {
    ParserPool pool;
    XmlStream stream(pool, {});
    std::vector<std::string> events;
    collect(events, stream, client_header);
    CHECK(pool.lent() == 0);
    collect(events, stream, "<iq");
    CHECK(pool.lent() == 1);
    collect(events, stream, "/>");
    CHECK(pool.lent() == 0);
    collect(events, stream, talkative());
    CHECK(pool.lent() == 1);
    CHECK(stream.release_if_idle());
    CHECK(pool.lent() == 0);
}

TEST_CASE("stream: whoever stands within a stanza keeps his parser, whatever the limit says") {
    ParserPool pool(4, 1);
    XmlStream a(pool, {});
    XmlStream b(pool, {});
    std::vector<std::string> events;
    collect(events, a, client_header + std::string("<iq>"));
    collect(events, b, client_header + std::string("<iq>"));
    CHECK(pool.lent() == 2);
    a.rehome(pool);
    CHECK(pool.lent() == 1);
    collect(events, a, "<part/>");
    CHECK(pool.lent() == 2);
    collect(events, a, "</iq>");
    CHECK(pool.lent() == 1);
}

TEST_CASE("stream: a parser is replaced under a stream that never rests") {
    ParserPool pool;
    XmlStream stream(pool, {});
    std::string bytes = client_header;
    for (int i = 0; i < 40000; ++i) bytes += "<n" + std::to_string(i) + " xmlns='urn:x'/>";
    bytes += "<message xmlns:p='urn:p'><p:x/></message></stream:stream>";
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size(); at += 5000) {
        collect(events, stream, std::string_view(bytes).substr(at, 5000));
    }
    REQUIRE(events.size() == 40003);
    CHECK(events[40000] == "<n39999 xmlns='urn:x'/>");
    CHECK(events[40001] == "<message xmlns='jabber:client'><x xmlns='urn:p'/></message>");
    CHECK(events[40002] == "close");
}

TEST_CASE("stream: content namespaces are mapped to jabber:client, forwarded stanzas are not") {
    const std::string stanza =
        "<message><body>x</body><forwarded xmlns='urn:xmpp:forward:0'>"
        "<message xmlns='jabber:client'><body>y</body></message>"
        "<message xmlns='jabber:server'><body>z</body></message></forwarded></message>";
    const auto events = run(server_header + stanza);
    REQUIRE(events.size() == 2);
    CHECK(events[1] ==
          "<message xmlns='jabber:client'><body>x</body><forwarded xmlns='urn:xmpp:forward:0'>"
          "<message xmlns='jabber:client'><body>y</body></message>"
          "<message xmlns='jabber:server'><body>z</body></message></forwarded></message>");
    std::string written;
    write_stanza(written, parse_element(events[1]).root(), ns::server);
    CHECK(written == stanza);
}

TEST_CASE("stream: components have their own content namespace") {
    const auto events =
        run("<stream:stream xmlns='jabber:component:accept' to='c.example' "
            "xmlns:stream='http://etherx.jabber.org/streams'>"
            "<handshake>aa</handshake><message from='x@c.example'/>");
    REQUIRE(events.size() == 3);
    CHECK(events[0] == "open c.example");
    CHECK(events[1] == "<handshake xmlns='jabber:client'>aa</handshake>");
    CHECK(events[2] == "<message xmlns='jabber:client' from='x@c.example'/>");
}

TEST_CASE(
    "stream: an unknown content namespace is reported, not judged; a missing one is the usual") {
    ParserPool pool;
    XmlStream unknown(pool, {});
    unknown.feed("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='urn:unknown'>");
    REQUIRE(unknown.next() == Event::open);
    CHECK(unknown.header().content_ns == "urn:unknown");
    XmlStream stream(pool, {});
    stream.feed("<s:stream xmlns:s='http://etherx.jabber.org/streams'><a/>");
    REQUIRE(stream.next() == Event::open);
    CHECK(stream.header().content_ns == ns::client);
    REQUIRE(stream.next() == Event::element);
    CHECK(stream.take().root().is("", "a"));
}

TEST_CASE("stream: dialback is seen under any prefix") {
    ParserPool pool;
    XmlStream stream(pool, {});
    stream.feed(
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
        "xmlns='jabber:server' xmlns:dialback='jabber:server:dialback'>");
    REQUIRE(stream.next() == Event::open);
    CHECK(stream.header().declares_dialback);
    CHECK(stream.header().content_ns == ns::server);
}

TEST_CASE("stream: an empty root opens and closes") {
    CHECK(run("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='x'/>") ==
          std::vector<std::string>{"open x", "close"});
}

TEST_CASE("stream: what a header must be") {
    CHECK(first_event("<stream xmlns='jabber:client'>") == "error invalid-namespace");
    CHECK(first_event("<stream:stream xmlns:stream='http://wrong.example'>") ==
          "error invalid-namespace");
    CHECK(first_event("<s:streams xmlns:s='http://etherx.jabber.org/streams'>") ==
          "error bad-format");
    CHECK(first_event("<stream:stream xmlns='jabber:client'>") == "error bad-namespace-prefix");
    CHECK(first_event("GET / HTTP/1.1\r\n\r\n") == "error not-well-formed");
    CHECK(first_event("\x16\x03\x01\x02") == "error not-well-formed");
    CHECK(first_event("<message/>") == "error invalid-namespace");
    CHECK(first_event("   \n" + client_header) == "open im.example.com");
}

TEST_CASE("stream: only UTF-8") {
    const std::string rest = client_header.substr(client_header.find("<stream"));
    CHECK(first_event("<?xml version='1.0' encoding='UTF-8'?>" + rest) == "open im.example.com");
    CHECK(first_event("<?xml version='1.0' encoding='utf-8'?>" + rest) == "open im.example.com");
    for (const char* encoding : {"ISO-8859-1", "UTF-16", "us-ascii", "utf-7", "nonsense"}) {
        CHECK(first_event("<?xml version='1.0' encoding='" + std::string(encoding) + "'?>" +
                          rest) == "error unsupported-encoding");
    }
    // RFC 6120, 11.6: U+FEFF is a character like others, also at the beginning.
    CHECK(first_event("\xEF\xBB\xBF" + client_header) == "error not-well-formed");
    std::string little;
    std::string big;
    for (const char c : client_header) {
        little += {c, '\0'};
        big += {'\0', c};
    }
    for (const std::string& wide : {little, big, "\xFF\xFE" + little, "\xFE\xFF" + big}) {
        CHECK(first_event(wide) == "error not-well-formed");
    }
    CHECK(parse_element(std::string_view("<\0a\0/\0>\0", 8)).empty());
    CHECK(after_header("<a>\xC3\x28</a>") == "error not-well-formed");
    CHECK(after_header("<a>\xED\xA0\x80</a>") == "error not-well-formed");
    CHECK(after_header("<a>\xC0\xAF</a>") == "error not-well-formed");
    CHECK(after_header("<a b='\xFF'/>") == "error not-well-formed");
}

// RFC 6120, section 11.1.
TEST_CASE("stream: restricted XML") {
    CHECK(first_event("<?xml version='1.1'?><a/>") == "error restricted-xml");
    CHECK(first_event("<!DOCTYPE a><a/>") == "error restricted-xml");
    CHECK(first_event("<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><a>&lol2;"
                      "</a>") == "error restricted-xml");
    CHECK(first_event("<!-- c --><a/>") == "error restricted-xml");
    CHECK(first_event("<?php x?><a/>") == "error restricted-xml");
    CHECK(after_header("<!-- c -->") == "error restricted-xml");
    CHECK(after_header("<a><!-- c --></a>") == "error restricted-xml");
    CHECK(after_header("<?target data?>") == "error restricted-xml");
    CHECK(after_header("<a>&nbsp;</a>") == "error restricted-xml");
    CHECK(after_header("<a b='&copy;'/>") == "error restricted-xml");
    CHECK(after_header("<a b='&amp;&lt;&gt;&quot;&apos;&#65;'/>") ==
          "<a xmlns='jabber:client' b='&amp;&lt;&gt;&quot;&apos;A'/>");
}

TEST_CASE("stream: XML that is none") {
    for (const char* bad :
         {"<a></b>", "<a b=c/>", "<a b='1' b='2'/>", "<a><b></a>", "</wrong>", "<a>&#0;</a>",
          "<a>\x01</a>", "<a>]]></a>", "<1/>", "< a/>", "<?xml version='1.0'?>", "<a b='<'/>",
          "<a>&#xFFFE;</a>", "<!DOCTYPE a>", "<![CDATA[x]]"}) {
        CAPTURE(bad);
        CHECK(after_header(bad).starts_with("error "));
    }
    CHECK(after_header("<a></b>") == "error not-well-formed");
    CHECK(after_header("<p:a/>") == "error bad-namespace-prefix");
    CHECK(after_header("<a p:b='c'/>") == "error bad-namespace-prefix");
    CHECK(after_header("<a xmlns:p=''/>") == "error bad-namespace-prefix");
    CHECK(after_header("<xmlns:a/>").starts_with("error "));
    CHECK(after_header("<a xmlns='http://www.w3.org/2000/xmlns/'/>").starts_with("error "));
    CHECK(after_header("<a xmlns:p='urn:p' xmlns:q='urn:p' p:k='' q:k=''/>") ==
          "error not-well-formed");
}

TEST_CASE("stream: between stanzas only white space") {
    CHECK(after_header(" \t\r\n<a/>") == "<a xmlns='jabber:client'/>");
    CHECK(after_header("text") == "error bad-format");
    CHECK(after_header("<a/> x") == "error bad-format");
    CHECK(after_header("&#65;") == "error bad-format");
    CHECK(after_header("<![CDATA[x]]>") == "error bad-format");
}

TEST_CASE("stream: an error is final") {
    ParserPool pool;
    XmlStream stream(pool, {});
    const std::string bytes = client_header + "<a></b><c/>";
    stream.feed(bytes);
    CHECK(stream.next() == Event::open);
    CHECK(stream.next() == Event::error);
    CHECK(stream.error() == StreamErrorCondition::not_well_formed);
    CHECK_FALSE(stream.error_text().empty());
    CHECK(stream.next() == Event::error);
    stream.feed("<d/>");
    CHECK(stream.next() == Event::error);
    CHECK(stream.error() == StreamErrorCondition::not_well_formed);
}

TEST_CASE("stream: an error says whether it is about an element, which the peer has counted") {
    const auto refused = [](const std::string& bytes) {
        ParserPool pool;
        Limits limits;
        limits.max_stanza_bytes = 400;
        limits.max_start_tag_bytes = 300;
        XmlStream stream(pool, limits);
        stream.feed(bytes);
        Event event = stream.next();
        while (event == Event::open || event == Event::element) event = stream.next();
        REQUIRE(event == Event::error);
        return stream.element_refused();
    };
    for (const std::string element :
         {"<message><body>\x1a</body></message>", "<message><body>&#26;</body></message>",
          "<message><!-- no --></message>", "<message><body>&entity;</body></message>",
          "<message><a></message>", "<message <", "<no:message/>", "<message a='1' a='2'/>"}) {
        CAPTURE(element);
        CHECK(refused(client_header + element));
        CHECK(refused(client_header + "<iq/> " + element));
    }
    CHECK(refused(client_header + "<message><body>" + std::string(500, 'x')));
    CHECK(refused(client_header + "<message><body>" + std::string(400, 'x') + "</body></message>"));
    CHECK(refused(client_header + "<message a='" + std::string(350, 'x')));
    for (const std::string between : {"text", "<iq/>text", "<!-- no -->", "<?no no?>"}) {
        CAPTURE(between);
        CHECK_FALSE(refused(client_header + between));
    }
    CHECK_FALSE(refused("<stream:stream xmlns='jabber:client'>"));
}

TEST_CASE("stream: a stanza of exactly the limit passes, one byte more does not") {
    Limits limits;
    limits.max_stanza_bytes = 10000;
    const auto stanza = [](std::size_t bytes) {
        return "<iq>" + std::string(bytes - 9, 'x') + "</iq>";
    };
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{100}, std::string::npos}) {
        // What precedes a stanza does not count.
        const std::string before = client_header + stanza(9999) + std::string(9000, ' ');
        CHECK(run(before + stanza(10000), limits, chunk).back().starts_with("<iq"));
        CHECK(run(before + stanza(10001), limits, chunk).back() == "error policy-violation");
    }
    // It is noticed before the end comes.
    CHECK(run(client_header + "<iq>" + std::string(20000, 'x'), limits).back() ==
          "error policy-violation");
    CHECK(run(client_header + "<iq>" + std::string(20000, ' '), limits, 10).back() ==
          "error policy-violation");
}

TEST_CASE("stream: the limit counts the same after the parser was given back") {
    Limits limits;
    limits.max_stanza_bytes = 200;
    ParserPool pool;
    XmlStream stream(pool, limits);
    std::vector<std::string> events;
    collect(events, stream, client_header);
    for (int i = 0; i < 5; ++i) {
        CHECK(stream.release_if_idle());
        collect(events, stream, "<iq>" + std::string(191, 'x') + "</iq>");
        CHECK(events.back().starts_with("<iq"));
    }
    CHECK(stream.release_if_idle());
    collect(events, stream, "<iq>" + std::string(192, 'x') + "</iq>");
    CHECK(events.back() == "error policy-violation");
}

TEST_CASE("stream: start tags are limited, whole or dripping") {
    Limits limits;
    limits.max_start_tag_bytes = 1000;
    const auto tag = [](std::size_t bytes) {
        return "<a b='" + std::string(bytes - 9, 'x') + "'/>";
    };
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{100}, std::string::npos}) {
        CHECK(run(client_header + tag(1000), limits, chunk).back().starts_with("<a"));
        CHECK(run(client_header + tag(1001), limits, chunk).back() == "error policy-violation");
        CHECK(run(client_header + "<x>" + tag(1001), limits, chunk).back() ==
              "error policy-violation");
    }
    for (const char* begin : {"<a b='", "<a ", "<aaa", "<!--", "<?x ", "</a", "<a xmlns:p='"}) {
        CAPTURE(begin);
        CHECK(run(client_header + "<a>" + begin + std::string(2000, 'x'), limits, 10).back() ==
              "error policy-violation");
    }
    // Text is no token: it may be longer.
    CHECK(run(client_header + "<a>" + std::string(2000, 'x') + "</a>", limits, 10)
              .back()
              .starts_with("<a"));
}

TEST_CASE("stream: what comes before a header is limited too") {
    for (const char* begin : {"<!--", "<?xml version='1.0'", "<?x ", "<stream:stream a='",
                              "<!DOCTYPE ", "<?xml version='1.0'?>"}) {
        CAPTURE(begin);
        const auto events = run(std::string(begin) + std::string(20000, ' '), {}, 1000);
        REQUIRE(events.size() == 1);
        CHECK(events[0].starts_with("error "));
    }
    CHECK(run(std::string(100000, ' ')).empty());
}

TEST_CASE("stream: nesting is limited") {
    const auto nested = [](int depth) {
        std::string text;
        for (int i = 0; i < depth; ++i) text += "<a>";
        for (int i = 0; i < depth; ++i) text += "</a>";
        return text;
    };
    CHECK(after_header(nested(64)).starts_with("<a"));
    CHECK(after_header(nested(65)) == "error policy-violation");
    CHECK(after_header(nested(50000)) == "error policy-violation");
    Limits limits;
    limits.max_depth = 2;
    CHECK(after_header("<a><b/></a>", limits).starts_with("<a"));
    CHECK(after_header("<a><b><c/></b></a>", limits) == "error policy-violation");
}

TEST_CASE("stream: attributes and namespace declarations are limited") {
    const auto wide = [](int attributes, int declarations) {
        std::string text = "<a";
        for (int i = 0; i < attributes; ++i) text += " a" + std::to_string(i) + "=''";
        for (int i = 0; i < declarations; ++i) text += " xmlns:n" + std::to_string(i) + "='u'";
        return text + "/>";
    };
    CHECK(after_header(wide(128, 0)).starts_with("<a"));
    CHECK(after_header(wide(129, 0)) == "error policy-violation");
    CHECK(after_header(wide(64, 64)).starts_with("<a"));
    CHECK(after_header(wide(64, 65)) == "error policy-violation");
    CHECK(after_header(wide(0, 129)) == "error policy-violation");
    CHECK(after_header(wide(128, 0) + wide(128, 0)).starts_with("<a"));
    std::string header = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'";
    for (int i = 0; i < 500; ++i) header += " xmlns:n" + std::to_string(i) + "='u'";
    CHECK(first_event(header + ">") == "error policy-violation");
}

TEST_CASE("stream: very many very small elements are refused for the memory they take") {
    Limits limits;
    limits.max_stanza_bytes = 20000;
    std::string flood = "<x>";
    for (int i = 0; i < 4900; ++i) flood += "<a/>";
    CHECK(after_header(flood + "</x>", limits) == "error policy-violation");
    // However large a stanza may be: what counts is what has arrived of it.
    std::string small_flood = "<x>";
    for (int i = 0; i < 1000; ++i) small_flood += "<a/>";
    CHECK(after_header(small_flood + "</x>") == "error policy-violation");
    const std::string text(12000, 'x');
    CHECK(
        after_header("<x><t>" + text + "</t>" + small_flood.substr(3) + "</x>").starts_with("<x"));
    limits.free_memory = 4000;
    limits.memory_per_byte = 4;
    CHECK(after_header("<x><a/><a/></x>", limits).starts_with("<x"));
    CHECK(after_header("<x>" + small_flood.substr(3, 200) + "</x>", limits) ==
          "error policy-violation");
    limits = {};
    limits.max_stanza_bytes = 20000;
    std::string roster = "<x>";
    while (roster.size() < 19900) roster += "<item jid='someone@example.com' name='Some One'/>";
    CHECK(after_header(roster + "</x>", limits).starts_with("<x"));
}

TEST_CASE("stream: limits can be changed in between") {
    ParserPool pool;
    Limits limits;
    limits.max_stanza_bytes = 20;
    XmlStream stream(pool, limits);
    std::vector<std::string> events;
    collect(events, stream, client_header + "<a>0123456789012</a>");
    CHECK(events.back().starts_with("<a"));
    limits.max_stanza_bytes = 40;
    stream.set_limits(limits);
    collect(events, stream, "<a>01234567890123456789</a>");
    CHECK(events.back().starts_with("<a"));
    limits.max_stanza_bytes = 10;
    stream.set_limits(limits);
    collect(events, stream, "<a>0123</a>");
    CHECK(events.back() == "error policy-violation");
}

TEST_CASE("stream: a restart returns what was not parsed") {
    const std::string auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AA</auth>";
    const std::string bytes = client_header + auth + client_header + "<iq/>";
    // However the bytes were split: the reader sees the element, restarts, and goes on.
    for (std::size_t split = client_header.size() + auth.size(); split <= bytes.size(); ++split) {
        ParserPool pool;
        XmlStream stream(pool, {});
        const std::string first = bytes.substr(0, split);
        stream.feed(first);
        REQUIRE(stream.next() == Event::open);
        REQUIRE(stream.next() == Event::element);
        const std::string left = stream.restart() + bytes.substr(split);
        CHECK(stream.header().to.empty());
        std::vector<std::string> events;
        collect(events, stream, left);
        CHECK(events ==
              std::vector<std::string>{"open im.example.com", "<iq xmlns='jabber:client'/>"});
    }
}

TEST_CASE("stream: a restart returns also a token that had only begun") {
    ParserPool pool;
    XmlStream stream(pool, {});
    std::vector<std::string> events;
    collect(events, stream, client_header + "<a/>\n<stream:str");
    CHECK(stream.restart() == "<stream:str");
    CHECK(stream.restart().empty());
    collect(events, stream, client_header + "<a/>");
    CHECK(stream.restart().empty());
    CHECK(pool.kept() == 1);
}

TEST_CASE("stream: the header need not declare the stanzas' namespace as its default") {
    const std::string streams = "http://etherx.jabber.org/streams";
    const std::string headers[] = {
        "<stream xmlns='" + streams + "' to='x'>",
        "<s:stream xmlns:s='" + streams + "' to='x'>",
        "<s:stream xmlns:s='" + streams + "' xmlns:c='CONTENT' to='x'>",
    };
    for (const std::string_view content : {ns::client, ns::server, ns::component}) {
        for (std::string header : headers) {
            if (const auto at = header.find("CONTENT"); at != header.npos)
                header.replace(at, 7, content);
            CAPTURE(header);
            ParserPool pool;
            XmlStream stream(pool, {}, content);
            stream.feed(header);
            REQUIRE(stream.next() == Event::open);
            CHECK(stream.header().content_ns == content);
            CHECK(stream.next() == Event::need_more);
            for (int i = 0; i < 2; ++i) {  // the second with another parser
                std::vector<std::string> events;
                collect(events, stream,
                        "<message xmlns='" + std::string(content) + "'><body>hi</body></message>" +
                            "<iq xmlns='urn:x'/>" +
                            (header.starts_with("<s:") ? "<s:error/>" : "<error/>"));
                CHECK(events == std::vector<std::string>{
                                    "<message xmlns='jabber:client'><body>hi</body></message>",
                                    "<iq xmlns='urn:x'/>", "<error xmlns='" + streams + "'/>"});
                CHECK(stream.release_if_idle());
            }
            std::vector<std::string> events;
            collect(events, stream, header.starts_with("<s:") ? "</s:stream>" : "</stream>");
            CHECK(events == std::vector<std::string>{"close"});
        }
    }
}

TEST_CASE("stream: stanzas without xml:lang have that of the header") {
    const auto stanzas = [](const std::string& header_lang, const std::string& bytes,
                            std::string_view content = ns::client) {
        std::vector<std::string> events = run(
            "<stream:stream xmlns='" + std::string(content) +
            "' xmlns:stream='http://etherx.jabber.org/streams' to='x'" + header_lang + ">" + bytes);
        events.erase(events.begin());
        return events;
    };
    using Strings = std::vector<std::string>;
    const std::string all = "<message/><presence/><iq/><r xmlns='urn:xmpp:sm:3'/><other/>";
    for (const std::string_view content : {ns::client, ns::server, ns::component}) {
        CHECK(stanzas(" xml:lang='de-CH'", all, content) ==
              Strings{"<message xmlns='jabber:client' xml:lang='de-CH'/>",
                      "<presence xmlns='jabber:client' xml:lang='de-CH'/>",
                      "<iq xmlns='jabber:client' xml:lang='de-CH'/>", "<r xmlns='urn:xmpp:sm:3'/>",
                      "<other xmlns='jabber:client'/>"});
    }
    CHECK(stanzas(" xml:lang='de'", "<iq xml:lang='fr'/><iq xml:lang=''/>") ==
          Strings{"<iq xmlns='jabber:client' xml:lang='fr'/>",
                  "<iq xmlns='jabber:client' xml:lang=''/>"});
    for (const std::string& none :
         {std::string(), std::string(" xml:lang=''"), std::string(" xml:lang='d e'"),
          std::string(" lang='de'"), " xml:lang='" + std::string(65, 'd') + "'"}) {
        CHECK(stanzas(none, "<iq/>") == Strings{"<iq xmlns='jabber:client'/>"});
    }
}

TEST_CASE("stream: the language is that of the stream at hand, also when its parser was lent") {
    ParserPool pool;
    XmlStream stream(pool, {});
    std::vector<std::string> events;
    std::string header = client_header;
    header.insert(header.size() - 1, " xml:lang='en'");
    collect(events, stream, header + "<iq/>");
    CHECK(stream.release_if_idle());
    collect(events, stream, "<iq/>");
    CHECK(events.back() == "<iq xmlns='jabber:client' xml:lang='en'/>");
    CHECK(stream.restart().empty());
    collect(events, stream, server_header + "<iq/>");
    CHECK(events.back() == "<iq xmlns='jabber:client'/>");
}

TEST_CASE("stream: injected plaintext is visible before STARTTLS") {
    ParserPool pool;
    XmlStream stream(pool, {});
    const std::string bytes =
        client_header + "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><evil/>";
    stream.feed(bytes);
    REQUIRE(stream.next() == Event::open);
    REQUIRE(stream.next() == Event::element);
    CHECK(stream.restart() == "<evil/>");
    const auto clean_behind = [](const std::string& behind) {
        ParserPool parsers;
        XmlStream each(parsers, {});
        const std::string all = client_header + "<starttls/>" + behind;
        each.feed(all);
        while (each.next() != Event::element) {
        }
        return each.restart_for_tls();
    };
    for (const char* harmless : {"", "\n", " \t\r\n"}) CHECK(clean_behind(harmless));
    for (const char* other : {"<evil/>", "\n<", "\n \xC2\xA0", "\f"})
        CHECK_FALSE(clean_behind(other));
}

TEST_CASE("stream: what was fed can be kept when the buffer goes") {
    ParserPool pool;
    XmlStream stream(pool, {});
    std::string buffer = client_header;
    for (int i = 0; i < 500; ++i) buffer += "<a n='" + std::to_string(i) + "'/>";
    stream.feed(buffer);
    REQUIRE(stream.next() == Event::open);
    REQUIRE(stream.next() == Event::element);
    stream.keep_rest();
    std::fill(buffer.begin(), buffer.end(), '!');
    for (int i = 1; i < 500; ++i) {
        REQUIRE(stream.next() == Event::element);
        CHECK(stream.take().root().attr("n") == std::to_string(i));
        if (i % 100 == 0) stream.keep_rest();
    }
    CHECK(stream.next() == Event::need_more);
    CHECK(stream.release_if_idle());
}

TEST_CASE("stream: moves to another pool in the middle of things") {
    ParserPool here;
    ParserPool there;
    XmlStream stream(here, {});
    {
        std::string buffer = client_header + "<a/><b/><c";
        stream.feed(buffer);
        REQUIRE(stream.next() == Event::open);
        REQUIRE(stream.next() == Event::element);
        stream.rehome(there);
        std::fill(buffer.begin(), buffer.end(), '!');
    }
    XmlStream moved(std::move(stream));
    REQUIRE(moved.next() == Event::element);
    CHECK(moved.take().root().name() == "b");
    CHECK(moved.next() == Event::need_more);
    std::vector<std::string> events;
    collect(events, moved, "/>");
    CHECK(events.back() == "<c xmlns='jabber:client'/>");
    CHECK(moved.release_if_idle());
    CHECK(here.kept() == 0);
    CHECK(there.kept() == 1);
    collect(events, moved, "<d/></stream:stream>");
    CHECK(events.back() == "close");
}

TEST_CASE("stream: restart after keep_rest returns the kept bytes") {
    ParserPool pool;
    XmlStream stream(pool, {});
    {
        std::string buffer = client_header + "<a/>" + std::string(6000, ' ') + "<b/>";
        stream.feed(buffer);
        REQUIRE(stream.next() == Event::open);
        REQUIRE(stream.next() == Event::element);
        stream.keep_rest();
        buffer.assign(buffer.size(), '!');
    }
    CHECK(stream.restart() == std::string(6000, ' ') + "<b/>");
}
